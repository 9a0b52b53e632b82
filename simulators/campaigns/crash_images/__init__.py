"""Power cuts: what a real process wrote is replayed to every moment, and each disk is opened.

`docs/crash-images.md` says what is modelled. A process runs under strace (`recorder`), its calls
become operations on a disk (`calls`, `operations`), a model of the disk keeps what was flushed and
what was not (`disk`), each moment gives several disks that a power cut may leave (`images`), and
each of those is opened and compared with what had been promised by then (`checks_*`).
"""
