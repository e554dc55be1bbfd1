"""A TLS handshake in memory of the test's own loop, to see which certificate is shown."""

import asyncio
import ssl

from cryptography import x509

from tests.support.child import HOST


async def serial_number(context: ssl.SSLContext) -> int:
    """Return the serial number of the certificate that a server with `context` shows."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, HOST, 0, ssl=context)
    trust_any = ssl.create_default_context()
    trust_any.check_hostname = False
    trust_any.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(HOST, server.sockets[0].getsockname()[1], ssl=trust_any)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return x509.load_der_x509_certificate(shown).serial_number
