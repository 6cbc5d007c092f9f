"""Sends a line over TLS, says its last word (close_notify), and reads on: a half-closed connection inside TLS.

    python3 half_close.py PORT CERTIFICATE LINE [stay]        stay: says no last word, and does nothing
"""
import socket, ssl, sys, time
trust = ssl.create_default_context(cafile=sys.argv[2])
inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = trust.wrap_bio(inward, outward, server_hostname="localhost")
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def pump(step):
    while True:
        try:
            found = step()
            line.sendall(outward.read())
            return found
        except ssl.SSLWantReadError:
            line.sendall(outward.read())
            data = line.recv(65536)
            if data: inward.write(data)
            else: inward.write_eof()
pump(tls.do_handshake)
pump(lambda: tls.write(sys.argv[3].encode() + b"\n"))
if sys.argv[4:] == ["stay"]: time.sleep(600)
try: tls.unwrap()
except ssl.SSLError: pass
line.sendall(outward.read())
try:
    while True:
        data = pump(lambda: tls.read(65536))
        if not data: break
        sys.stdout.write(data.decode())
except (ssl.SSLZeroReturnError, ssl.SSLEOFError): pass
