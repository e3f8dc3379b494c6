"""TLS towards clients, for the services that listen on a TCP port of their own."""

import ssl


def server_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return a context from PEM files, or None when both are empty. Raises ValueError when only one is given."""
    if not certificate and not key:
        return None
    if not (certificate and key):
        raise ValueError("--tls-cert and --tls-key go together")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 1  # one ticket serves a client's next connection; each more costs a signature
    context.load_cert_chain(certificate, key)
    return context
