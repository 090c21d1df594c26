"""An authority for training can never talk to one in earnest; among themselves they exercise all there is."""
from lab import Authority, require


def _trainee(lab, name):
	one = Authority(lab, name)
	made = one.run("init", "--authority", name.upper(), "--name", one.title, "--training", f"--endpoint={one.endpoint}",
		f"--listen={one.address}")
	require(made.status == 0 and "FOR TRAINING" in made.out, "it is set up, and says what for", made.out, made.err)
	one.configure({})
	lab.authorities.append(one)
	return one.start()


def training_never_meets_earnest(lab):
	earnest, trainee = lab.authority("xf-ca"), _trainee(lab, "xs-ca")
	for here, there in ((earnest, trainee), (trainee, earnest)):
		card = lab.file(f"{there.name}.card", b"")
		with open(card, "w") as file:
			file.write(there.run("card", "export").out)
		error = here.refused("training-mixed", "peer", "add", card)
		require(there.name in error["message"], "the card is refused on either side", error)
		require(not here.comity("peer", "list").get("data"), "and nobody was added")
	require("FOR TRAINING" in trainee.run("card", "export").out, "the card says so in words")
	require(trainee.comity("status")["training"] and "training" not in earnest.comity("status"), "status tells")
	require("FOR TRAINING" in trainee.run("status").out and "FOR TRAINING" in trainee.run("id", "show").out, "in words, too")
	require(trainee.comity("directory", "show", "xs-ca")["entry"]["profile"]["training"] is True, "and so does the directory")
	again = trainee.run("--json", "init", "--authority", "XS-CA", "--name", trainee.title)
	require(again.error()["code"] == "training-mixed", "it cannot become earnest", again.err)


def trainees_exercise_among_themselves(lab):
	one, other = _trainee(lab, "xf-ca"), _trainee(lab, "xs-ca")
	lab.befriend(one, other)
	ref = one.send(other)
	lab.eventually(lambda: other.has(ref), "a request arrives")
	other.admit(ref)
	lab.eventually(lambda: one.status(ref) != "SENT", "and is acknowledged")
	one.comity("evidence", "export", ref, "-o", lab.directory + "/exercise.tar")
	report = one.comity("evidence", "verify", lab.directory + "/exercise.tar")
	require(report["valid"] and all(row["training"] for row in report["authorities"]), "evidence says what it is of", report)
	require(any("for training" in line for line in report["does_not_prove"]), "and that it proves nothing in law", report)
