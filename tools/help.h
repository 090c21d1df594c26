#pragma once
/* The manual's share of the command table, in the form scdoc(5) takes: docs/man/comity.1.scd includes it. */
struct tool;

void help_manual(struct tool *tool);
