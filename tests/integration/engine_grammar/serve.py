"""Serves one new seekdb until standard input ends.

Usage: serve.py DIRECTORY; the first line of standard input is root's password. Prints
"ready PORT". Standard input is a pipe that only the test program holds: it ends with the program,
however that ended, SIGKILL included; the directory is then removed.
"""

import os
import random
import shutil
import socket
import sys
import threading
import time


def prepare(directory, password):
    """Sets root's password while nothing listens yet.

    seekdb listens on every address of the machine, and root of a new one has no password: whoever
    is faster would own it. In its embedded mode it opens no port.
    """
    import pylibseekdb

    pylibseekdb.open(directory)
    connection = pylibseekdb.connect(database="oceanbase", autocommit=True)
    connection.cursor().execute("ALTER USER root IDENTIFIED BY '%s'" % password)
    # Its own 10 s are over soon on a machine that is busy with other tests: error 4012.
    connection.cursor().execute("SET GLOBAL ob_query_timeout = 120000000")


def free_port():
    """A port outside of the range from which outgoing connections take theirs."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue


def end_with_the_program(directory):
    while sys.stdin.buffer.read1():
        pass
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


def main():
    directory = sys.argv[1]
    database = os.path.join(directory, "db")
    password = sys.stdin.buffer.readline().strip().decode()
    child = os.fork()
    if child == 0:
        try:
            prepare(database, password)
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit("root's password could not be set")
    threading.Thread(target=end_with_the_program, args=[directory]).start()

    import pylibseekdb

    port = free_port()
    pylibseekdb.open_with_service(database, port)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    print("ready", port, flush=True)


main()
