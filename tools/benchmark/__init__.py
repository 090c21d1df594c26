"""What tools/bench measures: table.py has every figure, stage.py the world in which a run happens."""
