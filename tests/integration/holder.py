"""A client process that holds many connections: `holder.py ADDRESS COUNT PREFIX`.

Opens COUNT connections and uses each, then says `ready`. For each line on stdin it uses every
connection once more and says `used`; it leaves when stdin ends. Its own process, so that client
and server do not share one limit of open files.
"""

import sys

import node


def main():
    address, count, prefix = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
    node.raise_file_limit()
    clients = []
    for number in range(count):
        clients.append(node.Client(address if address[0] == "/" else tuple_of(address), 60))
        clients[-1].ping()
    print("ready", flush=True)
    for turn, _ in enumerate(sys.stdin):
        for number, client in enumerate(clients):
            key = b"%s-%d" % (prefix, number % 100)
            if turn % 2 == 0:
                assert client.set(key, b"value of " + key) == b"STORED"
            else:
                assert client.get(key) == b"value of " + key
        print("used", flush=True)


def tuple_of(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    main()
