"""A power cut: the daemon dies, and of what it wrote and had not synced a part was never on the disk.

undo.c notes, while it is told to, each change before it is made.  Here it is decided by chance which of them the disk had
taken: of each sector (512 bytes) any state since the last sync, of each file any length, and of the names all up to some
moment.  What was synced stays; a sync counts for what was written before it began.  A name lasts with the sync of the
folder that it is in by then, so that a file that was renamed has one of its two names, as every journaling file system has it.
"""
import collections
import os
import struct

ENTRY = struct.Struct("=II2Q3qQ")	# struct entry of undo.c
Entry = collections.namedtuple("Entry", "number kind inode other offset length file_size token payload")
WRITE, LASTING, SYNC, SYNCED, CREATE, UNLINK, RENAME, LINK, MKDIR = range(1, 10)
SECTOR = 512


def entries(path):
	with open(path, "rb") as file:
		journal = file.read()
	at, number = 0, 0
	while at < len(journal):
		size, *fields = ENTRY.unpack_from(journal, at)
		yield Entry(number, *fields, journal[at + ENTRY.size:at + size])
		at, number = at + size, number + 1


class Unsynced:
	"""What of a journal no sync covers."""

	def __init__(self, journal):
		self.sectors = collections.defaultdict(list)	# (inode, sector) -> [(number of the entry, bytes before)]
		self.lengths = collections.defaultdict(list)	# inode -> [(number, length before)]
		self.names = []					# entries of names
		self.begun = {}					# token -> number of the sync
		for entry in journal:
			self.take(entry)

	def take(self, entry):
		if entry.kind == WRITE:
			self.lengths[entry.inode].append((entry.number, entry.file_size))
			for at in range(0, entry.length, SECTOR):
				self.sectors[entry.inode, (entry.offset + at) // SECTOR].append((entry.number, entry.payload[at:at + SECTOR]))
		elif entry.kind == LASTING:
			for sector in range(entry.offset // SECTOR, (entry.offset + entry.length + SECTOR - 1) // SECTOR):
				self.sectors.pop((entry.inode, sector), None)
		elif entry.kind == SYNC:
			self.begun[entry.token] = entry.number
		elif entry.kind == SYNCED:
			self.last(entry.inode, self.begun[entry.token])
		else:
			self.names.append(entry)

	def last(self, inode, number):
		"""All about this file, or the names in this folder, that was noted before that number is on the disk."""
		for key in [key for key in self.sectors if key[0] == inode]:
			self.sectors[key] = [state for state in self.sectors[key] if state[0] > number]
		self.lengths[inode] = [state for state in self.lengths[inode] if state[0] > number]
		self.names = [entry for entry in self.names if entry.number > number or (entry.other or entry.inode) != inode]


def files_below(*directories):
	"""inode -> a path."""
	return {os.lstat(path).st_ino: path for directory in directories for folder, _, names in os.walk(directory)
		for path in (os.path.join(folder, name) for name in names)}


def take_back_bytes(unsynced, paths, chance):
	"""How many sectors."""
	gone, spared = 0, chance.choice([0, 0.1, 0.5, 0.9])	# often all of it: that is what a cut just before the sync does
	by_file = collections.defaultdict(list)
	for (inode, sector), states in sorted(unsynced.sectors.items()):
		if states and inode in paths and chance.random() >= spared:
			by_file[inode].append((sector, chance.choice(states)[1]))
	for inode, changes in by_file.items():
		with open(paths[inode], "r+b") as file:
			for sector, old in changes:
				file.seek(sector * SECTOR)
				file.write(old.ljust(SECTOR, b"\0"))
		gone += len(changes)
	for inode, states in sorted(unsynced.lengths.items()):
		if states and inode in paths:	# writing back may have made it longer than it ever was
			now = os.path.getsize(paths[inode])
			lengths = [length for _, length in states]
			os.truncate(paths[inode], chance.choice([*lengths, min(now, max(lengths) if chance.random() < 0.5 else now)]))
	return gone


class Power:
	def __init__(self, one, disk):
		self.one, self.disk = one, disk
		self.directory = os.path.join(one.lab.directory, one.name + ".power")
		self.journal, self.graves = os.path.join(self.directory, "journal"), os.path.join(self.directory, "graves")
		os.makedirs(self.graves)
		open(self.journal, "w").close()
		self.cuts, self.gone = 0, 0

	def begin(self):
		"""With an empty journal: what was written before counts as synced."""
		os.truncate(self.journal, 0)
		for grave in os.listdir(self.graves):
			os.unlink(os.path.join(self.graves, grave))
		self.disk.record(True)

	def cut(self, chance):
		"""The daemon is dead: take back what chance says; how many sectors and names."""
		self.disk.record(False)
		unsynced = Unsynced(entries(self.journal))
		gone = take_back_bytes(unsynced, files_below(self.one.path("store"), self.one.path("blobs"), self.graves), chance)
		gone += self.take_back_names(unsynced.names, chance)
		self.cuts, self.gone = self.cuts + 1, self.gone + gone

	def take_back_names(self, names, chance):
		"""All since some moment, the last first."""
		left = chance.choice([0, chance.randrange(len(names) + 1)])
		return sum(self.undo(entry) for entry in reversed(names[left:]))

	def undo(self, entry):
		"""Whether there was something to undo: the daemon may have died before the call, or a later one lasts."""
		first, second, _ = (part.decode() for part in entry.payload.split(b"\0"))
		grave = os.path.join(self.graves, str(entry.token))
		try:
			if entry.kind == RENAME:
				os.rename(second, first)
			elif entry.kind == MKDIR:
				os.rmdir(first)
			elif entry.kind in (CREATE, LINK):
				os.unlink(first if entry.kind == CREATE else second)
			if entry.token:
				os.link(grave, second or first)
		except OSError:
			return False
		return True
