"""Lists of any length: given page by page, shown as one."""
import os

from lab import require
from puppet import Control


def _many(authority, count, kind, fields):
	"""So many calls, over several sessions, so that they share commits."""
	sessions = [Control(authority) for _ in range(32)]
	for start in range(0, count, len(sessions)):
		busy = sessions[:count - start]
		for number, session in enumerate(busy, start):
			session.ask(kind, **fields(session, number))
		for session in busy:
			reply = session.reply()
			require(reply.WhichOneof("kind") != "error", kind + " succeeds", reply)


def five_thousand_drafts_are_listed_to_the_last(lab):
	freedonia, sylvania = lab.authority("xf-ca", watch=False), lab.authority("xs-ca", watch=False)
	lab.add(freedonia, sylvania)
	count = 5000
	_many(freedonia, count, "request_new", lambda session, number: {"to": "xs-ca"})
	listed = freedonia.comity("request", "list")
	references = [one["our_reference"] for one in listed["data"]]
	require(len(references) == len(set(references)) == count, "each is listed once", len(references), len(set(references)))
	require(references == sorted(references, reverse=True), "the newest first", references[:3])
	require(listed["schema"] == "comity.request-list/1" and int(listed["seq"]) >= count, "with its head", listed["seq"])
	table = freedonia.run("request", "list")
	require(table.status == 0 and sum(one in table.out for one in references[::97]) == len(references[::97]), "people see them too")
	freedonia.comity("request", "abandon", references[-1])
	found = freedonia.comity("request", "list", "--state", "abandoned")["data"]
	require([one["our_reference"] for one in found] == references[-1:], "one among all of them is found", found)

	session = Control(freedonia)
	session.ask("request_list")
	pages = [session.reply()]
	while pages[-1].more:
		pages.append(session.reply())
	require(len(pages) > 4 and max(page.ByteSize() for page in pages) < 1 << 20, "no page is large", len(pages))
	require(len({page.requests.seq for page in pages}) == 1, "all pages say from where to watch")
	require(session.call("status").WhichOneof("kind") == "status", "and the session goes on")


def whoever_does_not_read_a_list_holds_nobody_up(lab):
	freedonia, sylvania = lab.authority("xf-ca", watch=False), lab.authority("xs-ca", watch=False)
	lab.add(freedonia, sylvania)
	_many(freedonia, 1000, "request_new", lambda session, number: {"to": "xs-ca"})
	silent = [Control(freedonia) for _ in range(40)]
	for session in silent:
		session.ask("request_list")
	require(len(freedonia.comity("request", "list")["data"]) == 1000, "others are answered")
	silent[0].stream.close()	# in the middle of its list
	require(len(freedonia.comity("request", "list")["data"]) == 1000, "and go on being answered")


def long_messages_and_many_attachments_are_listed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	text, count = "Further to our request. " * 2500, 45
	for number in range(count):
		freedonia.say(ref, f"{number} {text}\n")
	shown = freedonia.messages(ref)
	require([int(one["place"]) for one in shown] == list(range(1, count + 2)), "every message has its place", len(shown))
	require(all(str(number) == one["message"]["text"].split()[0] for number, one in enumerate(shown[1:])), "in their order")
	lab.eventually(lambda: len(sylvania.messages(ref)) == count + 1, "the other side lists them too")

	draft = freedonia.draft(sylvania, lab.example("another.yaml"))

	def staged(session, number):
		attachment = session.schema.AttachAdd().attachment.__class__(name=f"paper-{number}.pdf", size=0,
			sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		return {"ref": draft, "attachment": attachment, "size": 0}
	_many(freedonia, 600, "attach_add", staged)
	numbers = [int(one["number"]) for one in freedonia.attachments(draft)]
	require(numbers == list(range(1, 601)), "every attachment is listed, in order", len(numbers))


def a_list_of_a_peer_that_is_none_says_so(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	require(len(freedonia.comity("request", "list", "--peer", "xs-ca")["data"]) == 1, "of a peer")
	freedonia.refused("peer-unknown", "request", "list", "--peer", "xs-co")
	lab.eventually(lambda: sylvania.has(ref), "it is there")
	freedonia.comity("peer", "remove", "xs-ca", "--confirm", "xs-ca")
	require(len(freedonia.comity("request", "list", "--peer", "xs-ca")["data"]) == 1, "of one that was removed")


def a_message_is_found_by_the_front_of_its_id_whoever_said_it(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "it is there")
	sylvania.say(ref, "hello\n")
	lab.eventually(lambda: len(freedonia.messages(ref)) == 2, "the answer is there")
	for view in freedonia.messages(ref):
		whole = view["state"]["message_id"]
		for length in (14, 18, 23, 36):
			answer = freedonia.run("--json", "message", "show", whole[:length])
			found = answer.status == 0 and answer.documents()[-1]["state"]["message_id"] == whole
			require(found or answer.status == 67, f"{length} characters", answer.out, answer.err)
		require(found, "the whole id finds it")
	freedonia.refused("not-found", "message", "show", "00000000-0000")
	freedonia.refused("not-found", "message", "show", "no-such-thing")


def a_case_of_thousands_of_messages_is_shown_tracked_and_proved(lab):
	freedonia, sylvania = lab.pair()
	ref, count = freedonia.send(sylvania), 8000
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")

	def letter(session, number):
		message = session.schema.Submit().message.__class__(text=f"{number}: further to our request")
		message.acts.add().general_correspondence.SetInParent()
		return {"ref": ref, "message": message}
	_many(freedonia, count, "submit", letter)
	shown = freedonia.request(ref)
	ids = [one["message_id"] for one in shown["messages"]]
	require(len(ids) == len(set(ids)) == count + 1, "each is shown once", len(ids), len(set(ids)))
	require(shown["request"]["status"] == "SENT" and shown["document"] and shown["allowed_now"], "with the head and the document")
	seen = freedonia.run("request", "show", ref)
	require(f"messages     {count + 1}, attachments 2" in seen.out, "people see how many they are", seen.out, seen.err)
	lab.eventually(lambda: freedonia.comity("message", "show", ids[-1], "--ref", ref)["state"]["transport"] == "COMPLETE", "all arrive",
		seconds=60)
	track = sylvania.run("request", "track", ref)
	require(f"message {count + 1} arrived" in track.out, "the other side tracks it", track.status, track.err)
	report = sylvania.comity("evidence", "export", ref, "-o", os.path.join(lab.directory, "long.evidence"))
	require(int(report["messages"]) == count + 1, "and proves every word of it", report)

	session = Control(freedonia)
	session.ask("request_show", ref=ref)
	pages = [session.reply()]
	while pages[-1].more:
		pages.append(session.reply())
	require(len(pages) > 8 and max(page.ByteSize() for page in pages) < 1 << 20, "no page is large", len(pages))
	require([page.request.HasField("request") for page in pages] == [True] + [False] * (len(pages) - 1), "one has the head")
