"""A chat client: python3 client.py HOST PORT NICK. Type a text for all, or /msg bob hello."""
import contextlib, json, os, select, socket, sys

FIELDS = {"msg": ["to", "text"], "say": ["channel", "text"], "msgall": ["text"], "nick": ["nick"]}
SHOWN = {"welcome": "You are {nick}", "error": "Error: {message}", "renamed": "{old} is now {nick}",
         "hello": "{server}", "joined": "{nick} joined {channel}", "left": "{nick} left {channel}",
         "msg": "[{from}] {text}", "msgall": "[{from}] {text}", "say": "{from}[{channel}] {text}"}

def send(line):
    request, *words = line[1:].split(" ", 2) if line.startswith("/") else ["msgall", line]
    message = {"type": request, **dict(zip(FIELDS.get(request, ["channel"]), words))}
    server.sendall(json.dumps(message).encode() + b"\n")

def show(line):
    with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
        line = SHOWN[(message := json.loads(line))["type"]].format(**message)
    print("".join(c if c.isprintable() else "\ufffd" for c in line), flush=True)

server = socket.create_connection((sys.argv[1].strip("[]"), int(sys.argv[2])))
send("/nick " + sys.argv[3])
unread = {server.fileno(): b"", 0: b""}  # of the server and of standard input: the line begun
while server.fileno() in unread:
    source = select.select(list(unread), [], [])[0][0]
    data = os.read(source, 65536)
    *lines, unread[source] = (unread[source] + (data or b"\n")).split(b"\n")
    for line in filter(None, lines):
        (show if source else send)(line.decode(errors="replace"))
    if not data:
        del unread[source]
        send("/quit")
