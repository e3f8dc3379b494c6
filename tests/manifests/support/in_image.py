"""Runs a program from the root file system of an image: read-only, as the image's user, in a network of its own.

``python -m tests.manifests.support.in_image ROOT``, in new network and mount namespaces, with the order as JSON on
the standard input; the outcome is JSON on the standard output.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.process_tree import descendants

SET_FLAGS = 0x8914  # SIOCSIFFLAGS of netdevice(7)
UP_AND_RUNNING = 0x41
SECONDS = 20.0


def main() -> int:
    """Run what the order says and print what became of it."""
    root, order = Path(sys.argv[1]), json.load(sys.stdin)
    loopback_up()
    read_only(root, order["writable"])
    process = subprocess.Popen(inside(root, order, order["command"]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    outcome: dict[str, Any] = {"seconds": None, "kilobytes": 0}
    if order["check"]:
        outcome = until_alive(process, root, order)
        process.terminate()
    printed, _ = process.communicate(timeout=SECONDS)
    print(json.dumps({**outcome, "code": process.returncode, "printed": printed.decode(errors="replace")[-2000:]}))
    return 0


def loopback_up() -> None:
    """Let 127.0.0.1 be reached; a new network has it switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))


def read_only(root: Path, writable: list[str]) -> None:
    """Make the root file system read-only, but for volumes."""
    for words in (["--bind", str(root), str(root)], ["-o", "remount,ro,bind", str(root)],
                  ["--bind", "/dev", str(root / "dev")],
                  *(["-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(root / path.strip("/"))] for path in writable)):
        subprocess.run(["mount", *words], check=True)


def inside(root: Path, order: dict[str, Any], command: list[str]) -> list[str]:
    """Return the words that run a command as the image's user; ``env`` changes over to it, no shell does."""
    variables = [f"{name}={value}" for name, value in order["environment"].items()]
    return ["chroot", f"--userspec={order['user']}", "--groups=", str(root), "/usr/bin/env", "-i",
            f"--chdir={order['folder']}", *variables, *command]


def until_alive(process: "subprocess.Popen[bytes]", root: Path, order: dict[str, Any]) -> dict[str, Any]:
    """Run the image's own health check until it is content."""
    begun = time.monotonic()
    check = inside(root, order, order["check"])
    while process.poll() is None and time.monotonic() - begun < SECONDS:
        if subprocess.run(check, capture_output=True, timeout=SECONDS, check=False).returncode == 0:
            return {"seconds": round(time.monotonic() - begun, 1), "kilobytes": memory(process.pid)}
        time.sleep(0.1)
    return {"seconds": None, "kilobytes": 0}


def memory(pid: int) -> int:
    """Return the resident memory of a process and its children."""
    total = 0
    for number in (pid, *(found.pid for found in descendants(pid))):
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return total


if __name__ == "__main__":
    sys.exit(main())
