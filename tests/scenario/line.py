"""The line between two daemons: who dials, what a cut does, and what a stranger at the port can do."""
import os
import socket
import ssl

from lab import require


def one_side_needs_no_open_port(lab):
	freedonia, sylvania = lab.authority("xf-ca", listen=False), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	there = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(there), "a request goes out on the line that it dialled")
	sylvania.comity("acknowledge", there, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")
	lab.eventually(lambda: freedonia.status(there) == "ACKNOWLEDGED", "and the answer comes back on it")
	sylvania.restart()
	lab.eventually(lambda: freedonia.is_up(sylvania), "and it is dialled again after a crash of the other")


def both_dial_and_one_line_remains(lab):
	freedonia, sylvania = lab.pair()
	for one in (freedonia, sylvania) * 2:
		one.restart()
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up again")
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.is_whole(ref, 2) if sylvania.has(ref) else False, "and carries")


def ipv6_works_like_ipv4(lab):
	freedonia, sylvania = (lab.authority(name, host="::1") for name in ("xf-ca", "xs-ca"))
	lab.befriend(freedonia, sylvania)
	require("::1" in freedonia.link(sylvania)["address"], "the line is over IPv6", freedonia.link(sylvania))


def names_are_resolved(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", start=False)
	sylvania.endpoint = f"localhost:{sylvania.port}"
	sylvania.configure({})
	sylvania.start()
	lab.befriend(freedonia, sylvania)


def messages_wait_for_a_peer_that_is_away(lab):
	freedonia, sylvania = lab.pair()
	sylvania.kill()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "Freedonia sees the line go")
	ref = freedonia.send(sylvania)
	for number in range(5):
		freedonia.say(ref, f"afterthought {number}\n")
	require(freedonia.request(ref)["transport"] in ("QUEUED", "SENT"), "the request waits")
	freedonia.restart()
	sylvania.start()
	lab.eventually(lambda: sylvania.has(ref) and len(sylvania.messages(ref)) == 6, "all of it arrives")
	texts = [view.get("message", {}).get("text", "") for view in sylvania.messages(ref)]
	require(texts[1:] == [f"afterthought {number}\n" for number in range(5)] or not any(texts), "in order", texts)


def _through_a_relay(lab):
	"""Freedonia, who only dials, reaches Sylvania through a stretch of cable."""
	freedonia, sylvania = lab.authority("xf-ca", listen=False), lab.authority("xs-ca", start=False)
	relay = lab.relay((sylvania.host, sylvania.port))
	sylvania.endpoint = f"127.0.0.1:{relay.port}"
	sylvania.configure({})
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	return freedonia, sylvania, relay


def a_line_that_is_cut_again_and_again_loses_nothing(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 3 << 20))
	for number in range(12):
		relay.limit = relay.passed + 2000 + 17 * number * number
		freedonia.say(ref, f"{number}\n")
	relay.limit = None
	lab.eventually(lambda: sylvania.has(ref) and len(sylvania.messages(ref)) == 13 and sylvania.is_whole(ref, 3),
		"everything arrives once", 60)
	lab.eventually(lambda: all(view["state"]["transport"] == "COMPLETE" for view in freedonia.messages(ref)),
		"and is receipted")


def _bytes_read(authority):
	"""By the daemon so far: from files and from the line."""
	with open(f"/proc/{authority.daemon.pid}/io") as file:
		return int(file.readline().split()[1])


def no_bytes_of_an_exhibit_are_sent_or_read_twice_beyond_a_window(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	size, window, cuts = 96 << 20, 5 << 20, 0	# asked for ahead, and what waits to be a whole piece for the disk
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", size))
	lab.eventually(lambda: sylvania.has(ref), "the letter arrives")
	read = _bytes_read(sylvania)
	while not sylvania.is_whole(ref, 3):
		before = relay.passed
		relay.limit = before + (11 << 20)
		lab.eventually(lambda: relay.limit is None or sylvania.is_whole(ref, 3), "the line is cut, or all is there", 60)
		cuts += relay.limit is None
		require(cuts < 40, "each line brings it further")
	require(cuts >= 5, "the line was cut on the way", cuts)
	read = _bytes_read(sylvania) - read
	require(relay.passed < size * 1.02 + (cuts + 1) * window, "little was sent twice", relay.passed - size, cuts)
	require(read < size * 1.1 + (cuts + 1) * window, "what lay there was not hashed anew after each cut", read - size, cuts)


def a_spoiled_byte_ends_the_line_and_nothing_else(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	ref = freedonia.send(sylvania)
	for number in range(3):
		relay.spoil_at = relay.passed + 500
		freedonia.say(ref, f"{number}\n")
		lab.eventually(lambda: len(sylvania.messages(ref)) == number + 2 if sylvania.has(ref) else False, "it arrives all the same")


def an_unplugged_cable_is_noticed_and_mended(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	relay.is_down = True
	relay.cut()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "the line is down")
	ref = freedonia.send(sylvania)
	relay.is_down = False
	lab.eventually(lambda: sylvania.has(ref), "and comes back by itself")


def garbage_at_the_port_hurts_nobody(lab):
	freedonia, sylvania = lab.pair()
	target = (sylvania.host, sylvania.port)
	for garbage in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(100_000), b"\x16\x03\x01\xff\xff" + b"\0" * 70000):
		with socket.create_connection(target, 5) as stream:
			try:
				stream.sendall(garbage)
			except OSError:
				pass
	context = ssl.create_default_context()
	context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
	for alpn in (["comity/1"], ["h2"], None):
		try:
			if alpn:
				context.set_alpn_protocols(alpn)
			with context.wrap_socket(socket.create_connection(target, 5)) as stream:
				stream.settimeout(5)
				stream.sendall(b"\0\0\0\x05hello")
				require(stream.recv(1) == b"", "nobody without a certificate is answered")
		except OSError:
			pass
	idle = [socket.create_connection(target, 5) for _ in range(100)]
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the line of those who belong here goes on")
	for stream in idle:
		stream.close()


def three_authorities_do_not_see_one_another(lab):
	freedonia, sylvania, third = (lab.authority(name) for name in ("xf-ca", "xs-ca", "xt-ca"))
	lab.befriend(freedonia, sylvania)
	lab.befriend(third, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives at its addressee")
	third.refused("not-found", "request", "show", ref)
	require(not third.comity("inbox", "list").get("data"), "and nowhere else")
	require([row["peer"]["authority"] for row in third.comity("peer", "list")["data"]] == ["xs-ca"], "each knows its own peers")
	sylvania.kill()
	third.comity("status")
	require(freedonia.status(ref) == "SENT", "the others live on without it")
