"""A mail server that keeps what it is sent: one JSON object a line, on standard output.

    mail_sink.py plain|starttls|tls [--certificate PEM --key PEM] [--user NAME --password PASSWORD]

The first line is {"port": N}, on 127.0.0.1. With --user nobody may send who has not signed in.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "subject": mail["subject"],
                "sender": mail["from"],
                "automatic": mail["auto-submitted"],
                "text": mail.get_content(),
                "hello": session.host_name,
                "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                "user": session.auth_data,
            }
        )
        return "250 kept"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("security", choices=["plain", "starttls", "tls"])
    for name in ["certificate", "key", "user", "password"]:
        parser.add_argument(f"--{name}")
    return parser.parse_args()


async def main():
    asked = options()
    context = None
    if asked.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(asked.certificate, asked.key)

    def authenticate(server, session, envelope, mechanism, data):
        known = LoginPassword(login=asked.user.encode(), password=asked.password.encode())
        return AuthResult(success=data == known, auth_data=data.login.decode())

    def connection():
        return SMTP(
            Handler(),
            hostname="mail.test",
            tls_context=context if asked.security == "starttls" else None,
            require_starttls=asked.security == "starttls",
            authenticator=authenticate if asked.user else None,
            auth_required=asked.user is not None,
            # With TLS from the start the connection is one already, which aiosmtpd does not see.
            auth_require_tls=asked.security == "starttls",
        )

    wrapped = context if asked.security == "tls" else None
    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=wrapped)
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(main())
