/** Makes what a replica answers something that Node lets us say: what it refuses is thrown where nobody catches it. */
import type { IncomingMessage } from 'node:http'

/** What a header must not have. */
const unsayable = /[^\t\u0020-\u007e\u0080-\u00ff]/g

export function makeSayable(message: IncomingMessage): void {
  const { headers, statusCode = 0, statusMessage = '' } = message
  if (statusCode < 200 || statusCode > 999) {
    message.statusCode = 502
    message.statusMessage = 'Bad Gateway'
  } else message.statusMessage = statusMessage.replace(unsayable, '')
  // Trailers are not passed on, and may only be announced by what is sent in chunks.
  delete headers.trailer
  // How long the replica keeps a connection is between it and us.
  delete headers['keep-alive']
  for (const [name, value] of Object.entries(headers))
    headers[name] = Array.isArray(value)
      ? value.map((one) => one.replace(unsayable, ''))
      : value?.replace(unsayable, '')
}
