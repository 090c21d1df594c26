"""The units of systemd: how much they leave open, and that the holder of the keys serves a connection that was accepted
for it."""
import os
import shutil
import subprocess

from lab import TOP, require

UNITS = os.path.join(TOP, "packaging", "systemd")


def the_units_leave_little_open(lab):
	for unit, threshold in (("comityd.service", 15), ("comity-keyd@.service", 5)):
		done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={threshold}", os.path.join(UNITS, unit)],
			capture_output=True, text=True)
		require(done.returncode == 0, f"{unit} stays below {threshold / 10}", done.stdout[-300:], done.stderr)


def a_holder_behind_a_socket_signs_for_the_daemon(lab):
	freedonia, sylvania = lab.authority("xf-ca", start=False), lab.authority("xs-ca")
	path = lab.directory + "/keyd.sock"
	listener = subprocess.Popen([shutil.which("systemd-socket-activate"), "--accept", "--listen", path,
		lab.build + "/daemon/comity-keyd", "--home", freedonia.home], stderr=subprocess.DEVNULL)
	try:
		lab.eventually(lambda: os.path.exists(path), "somebody listens")
		freedonia.options = ["--key-holder", path]
		freedonia.start()
		lab.befriend(freedonia, sylvania)
		ref = freedonia.send(sylvania)
		lab.eventually(lambda: sylvania.has(ref), "what it signed arrives")
		freedonia.comity("cert", "revoke", "sealing", "--reason", "superseded")
		freedonia.stop()
	finally:
		listener.kill()
		listener.wait()
	require(not freedonia.start(expect=False), "without it the daemon does not start")
	freedonia.daemon.wait(20)
	freedonia.daemon = None
	require("error[keys-unavailable]" in freedonia.log(), "and says why", freedonia.log()[-500:])
