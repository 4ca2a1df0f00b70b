# SPDX-License-Identifier: MIT
"""A message by e-mail, over TLS alone: on port 465 from the start, on others by STARTTLS."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from appliance.notify.channels.http_post import STEP_S, plain
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.send_socket import SendError
from appliance.settings.sections.notify import NotifyChannel

TLS, SUBMISSION = 465, 587
_NO_TLS = "the server offers no encryption (STARTTLS), so nothing was sent"


def send(channel: NotifyChannel, message: OutgoingMessage) -> str:
    """Send a message; return the server's answer to its end. Raises SendError."""
    host, port = where(channel.server)
    try:
        with _connected(host, port) as server:
            if channel.secret:
                server.login(channel.user or channel.to, channel.secret)
            return _handed_over(server, channel, message)
    except smtplib.SMTPNotSupportedError:
        raise SendError("it takes no password") from None
    except smtplib.SMTPResponseException as error:
        raise SendError(f"{error.smtp_code} {_text(error.smtp_error)}") from None
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise SendError(f"{code} {_text(words)}") from None
    except smtplib.SMTPException:
        raise SendError("its answer is not SMTP") from None
    except (OSError, ValueError) as error:
        raise SendError(plain(error)) from None


def where(server: str, otherwise: int = SUBMISSION) -> tuple[str, int]:
    """Return host and port of "smtp.example.org:587", "[2001:db8::1]" and the like."""
    host, found, port = server.rpartition(":")
    if not found or not port.isdigit() or port != port.strip("]"):
        host, port = server, str(otherwise)
    return host.strip("[]"), int(port)


def _connected(host: str, port: int) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    if port == TLS:
        return smtplib.SMTP_SSL(host, port, timeout=STEP_S, context=tls)
    server = smtplib.SMTP(host, port, timeout=STEP_S)
    try:
        server.ehlo()
        if not server.has_extn("starttls"):
            raise SendError(_NO_TLS)
        server.starttls(context=tls)
        server.ehlo()
    except BaseException:
        server.close()
        raise
    return server


def _handed_over(server: smtplib.SMTP, channel: NotifyChannel, message: OutgoingMessage) -> str:
    sender = channel.user if "@" in channel.user else channel.to
    for code, words in (server.mail(sender), server.rcpt(channel.to)):
        if code >= 300:
            raise SendError(f"{code} {_text(words)}")
    code, words = server.data(written(channel, message, sender).as_bytes())
    if code >= 300:
        raise SendError(f"{code} {_text(words)}")
    return f"{code} {_text(words)}"


def written(channel: NotifyChannel, message: OutgoingMessage, sender: str) -> EmailMessage:
    """Return the mail (RFC 5322); one by a program says so, and no out-of-office answers it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, channel.to, message.title
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="glovebox.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    if message.is_urgent:
        mail["Importance"] = "high"
    mail.set_content(message.text + "\n")
    return mail


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
