/** Logging in by an identity provider: what a client has to know of it, and the exchange of its word for a key of the mesh. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { parseInput } from '../../operations/input.ts'
import type { LoginDesk } from '../../services/login/login-desk.ts'
import { loginPath, type Protection } from './protect.ts'

const Login = z.strictObject({ idToken: z.string().min(1).max(16_384) })

export function addLogin(
  app: FastifyInstance,
  desk: Pick<LoginDesk, 'settings' | 'login'> | undefined,
  protection: Pick<Protection, 'failed'>,
): void {
  const required = () => {
    if (desk !== undefined) return desk
    throw new ClawError('LOGIN_UNAVAILABLE', { provider: 'an identity provider', detail: 'this peer is told of none' })
  }
  app.get(loginPath, () => {
    const { issuer, clientId, scopes } = required().settings
    return { issuer, clientId, scopes }
  })
  app.post(loginPath, async (request, reply) => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort(new DOMException('the caller is gone', 'AbortError')))
    try {
      const { secret, user, expiresAt } = await required().login(parseInput(Login, request.body).idToken, gone.signal)
      return { secret, user, expiresAt: new Date(expiresAt).toISOString() }
    } catch (error) {
      if (ClawError.is(error, 'AUTH_FAILED')) await protection.failed(request)
      throw error
    }
  })
}
