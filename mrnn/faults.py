"""What the machine refuses, in the words of the person who waits for it."""

import errno

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows knows no quota
LOCKED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def sentence(error: Exception) -> str:
    """An error as one sentence, without the paths of this machine where a file is its reason."""
    if isinstance(error, OSError) and error.errno in FULL:
        return "the disk is full: delete runs that are no longer needed, then try again"
    if isinstance(error, OSError) and error.errno in LOCKED:
        return (
            "the folder of the runs cannot be written, so nothing can be kept: "
            "whoever runs this server can allow it, or name another one with MRNN_RUNS"
        )
    return " ".join(str(error).split())
