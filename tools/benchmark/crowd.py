"""Memory of a daemon that has nothing to do: with one peer, and with a crowd of them, each a real daemon."""
import concurrent.futures
import time

from benchmark.meters import memory_mib

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


def up(hub):
	peers = hub.comity("peer", "list").get("data", [])
	return {peer["peer"]["authority"] for peer in peers if peer.get("link", {}).get("state") == "up"}
