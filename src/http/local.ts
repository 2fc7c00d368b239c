import type { FastifyRequest } from 'fastify';

const LOOPBACK_ADDRESS = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

/** Whether the caller is on this machine itself; one that a proxy on this machine speaks for is not. */
export function isFromLoopback(request: FastifyRequest): boolean {
  const { headers, socket } = request.raw;
  const proxied = 'x-forwarded-for' in headers || 'forwarded' in headers;
  return !proxied && LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '');
}

/**
 * Whether the page was asked for on this machine under this machine's own name. A foreign name that was made to point here
 * (DNS rebinding) shows in the Host header.
 */
export function isOpenedLocally(request: FastifyRequest): boolean {
  return isFromLoopback(request) && LOOPBACK_HOST.test(request.headers.host ?? '');
}
