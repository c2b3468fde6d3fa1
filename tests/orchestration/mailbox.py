"""A mail server that keeps what it gets."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Self


class Mailbox:
    """Takes mails on a loopback port, without encryption or passwords, from entering the context to leaving it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        mails = self.mails

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 ready")
                for line in self.rfile:
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.say("354 go on")
                        text = b"".join(iter(self.rfile.readline, b".\r\n"))
                        mails.append(email.message_from_bytes(text, policy=email.policy.default))
                    if verb == b"QUIT":
                        self.say("221 bye")
                        return
                    self.say("250 ok")

            def say(self, answer: str) -> None:
                self.wfile.write(f"{answer}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
