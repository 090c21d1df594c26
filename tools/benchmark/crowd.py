"""Memory of a daemon that has nothing to do: with one peer, and with a crowd of them, each a real daemon.  And of one whose
peers, each of them verified, all do the worst that they may."""
import concurrent.futures
import time

from benchmark.meters import Peak, memory_mib
from nasty import nasties

QUIET_SECONDS = 3	# what is freed after the last one came has been freed by then
SIDE_BY_SIDE = 8


def settled(one):
	time.sleep(QUIET_SECONDS)
	return memory_mib(one)


def pair(stage):
	return {"memory_idle_mib": max(settled(one) for one in stage.pair())}


def crowd(stage):
	"""The guests only dial out: the hub holds so many lines that others began."""
	hub = stage.authority("xf-ca")
	with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
		guests = list(pool.map(lambda number: stage.authority(f"xg-{number:03}", listen=False), range(stage.options.peers)))
	for guest in guests:
		stage.lab.befriend(hub, guest, wait=False)
	names = {guest.name for guest in guests}
	stage.lab.eventually(lambda: names <= up(hub), "everyone is on the line", seconds=300)
	return {"memory_idle_200_peers_mib": settled(hub)}


def misbehave(nasty):
	"""Everything at once, and nothing of the answers is read."""
	nasty.connect().greet()
	message = nasty.hear_message()
	request = nasty.give_little()
	nasty.order_much(message)
	nasty.say_much(request)
	nasty.ask_much()
	nasty.half_a_frame()


def hostile(stage):
	"""Each has been sent an exhibit, asks for all of it over and over, and answers with the beginning of one of its own."""
	hub, exhibit = stage.authority("xf-ca"), stage.file("exhibit.bin", 4)
	peers = nasties(stage.lab, hub, [f"xn-{number:03}" for number in range(stage.options.peers)])
	for nasty in peers:
		hub.send(nasty.one, exhibit)
	peak = Peak(hub)
	with concurrent.futures.ThreadPoolExecutor(4 * SIDE_BY_SIDE) as pool:
		list(pool.map(misbehave, peers))
	time.sleep(QUIET_SECONDS)
	return {"memory_hostile_200_peers_mib": peak.end()}


def up(hub):
	peers = hub.comity("peer", "list").get("data", [])
	return {peer["peer"]["authority"] for peer in peers if peer.get("link", {}).get("state") == "up"}
