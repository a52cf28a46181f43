/** Lets in whom an identity provider vouches for: as a user of the mesh, with the roles of their groups, by a key that is good for some hours. */
import { newSecret } from '../../core/access/api-key.ts'
import { userOfLogin } from '../../core/state/access-rights.ts'
import type { Command, MeshState } from '../../core/state/types.ts'
import { userName } from '../../model/access.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Claims, IdTokens } from '../../ports/id-tokens.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'

export interface LoginSettings {
  readonly issuer: string
  readonly clientId: string
  readonly scopes: string
  /** The claim that names the user, and the one that lists groups. */
  readonly userClaim: string
  readonly groupsClaim: string
  /** What the members of a group may do; who is in none of them is not let in. */
  readonly roles: Readonly<Record<string, string>>
  readonly lifetime: Millis
}

export interface Session {
  readonly secret: string
  readonly user: string
  readonly expiresAt: Instant
}

export interface LoginDeskDeps {
  readonly control: Pick<Control, 'state' | 'execute' | 'fresh'>
  readonly tokens: IdTokens
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

export class LoginDesk {
  readonly settings: LoginSettings
  readonly #deps: LoginDeskDeps

  constructor(settings: LoginSettings, deps: LoginDeskDeps) {
    this.settings = settings
    this.#deps = deps
  }

  /** Throws AUTH_FAILED for whom the provider or the mesh does not let in. */
  async login(token: string, signal: AbortSignal): Promise<Session> {
    const { control, tokens, clock, random } = this.#deps
    const claims = await tokens.verify(token, signal)
    const wanted = this.#rolesIn(claims)
    await control.fresh('linearizable', signal)
    const user = await this.#userOf(claims, signal)
    for (const command of this.#changes(user, wanted, control.state)) await this.#commit(command, user, signal)
    const { lifetime } = this.settings
    const { secret, ...made } = newSecret((count) => random.bytes(count))
    const expiresAt = clock.now() + lifetime
    // A person, who may give rights as well.
    const scopes = [['*'], ['token', 'user']].map((resources) => ({ verbs: ['*'], resources, namespaces: ['*'] }))
    const key = { ...made, name: 'login', user, scopes, namespace: null, expiresAt, lifetime }
    await this.#commit({ type: 'create-apikey', key }, user, signal)
    return { secret, user, expiresAt }
  }

  /** The user that this very person was made, or linked to. A name alone makes nobody somebody: whoever has it here may be another. */
  async #userOf(claims: Claims, signal: AbortSignal): Promise<string> {
    const { control } = this.#deps
    const login = { issuer: this.settings.issuer, subject: claims.sub }
    const known = userOfLogin(control.state, login)
    if (known !== undefined) return known.name
    const name = this.#nameIn(claims)
    const { users, operators } = control.state
    if ([...operators.values()].some((operator) => operator.name === name))
      throw refusal(`an operator key is called ${name} already`)
    if (!users.has(name)) await this.#commit({ type: 'create-user', name, login }, name, signal)
    // Also when somebody was faster.
    if (userOfLogin(control.state, login)?.name === name) return name
    throw refusal(
      `there is a user ${name}, whom nobody has linked to you; an administrator does it with \`clawbernetes auth user link ${name} ${login.issuer} ${login.subject}\``,
    )
  }

  #nameIn(claims: Claims): string {
    const { userClaim } = this.settings
    const { success, data } = userName.safeParse(claims[userClaim])
    if (!success) throw refusal(`the provider says no ${userClaim} that could be the name of a user`)
    if (userClaim === 'email' && claims['email_verified'] !== true) throw refusal('the address is not verified')
    return data
  }

  #rolesIn(claims: Claims): ReadonlySet<string> {
    const { groupsClaim, roles } = this.settings
    const groups: readonly unknown[] = Array.isArray(claims[groupsClaim]) ? (claims[groupsClaim] as unknown[]) : []
    const given = Object.entries(roles).flatMap(([group, role]) =>
      group === '*' || groups.includes(group) ? [role] : [],
    )
    if (given.length === 0) throw refusal('none of your groups has a role in this mesh')
    return new Set(given)
  }

  /** What makes the user somebody with exactly the roles of the groups; other roles, which were given by hand, stay. */
  #changes(user: string, wanted: ReadonlySet<string>, { users }: MeshState): readonly Command[] {
    const known = users.get(user)
    if (known?.disabled === true) throw refusal(`the user ${user} is disabled`)
    const held = new Set(known?.bindings.flatMap(({ role, namespace }) => (namespace === null ? [role] : [])))
    const managed = new Set(Object.values(this.settings.roles))
    const binding = (role: string) => ({ role, namespace: null })
    return [
      ...[...wanted]
        .filter((role) => !held.has(role))
        .map((role) => ({ type: 'bind-role', user, binding: binding(role) }) as const),
      ...[...held]
        .filter((role) => managed.has(role) && !wanted.has(role))
        .map((role) => ({ type: 'unbind-role', user, binding: binding(role) }) as const),
    ]
  }

  async #commit(command: Command, user: string, signal: AbortSignal): Promise<void> {
    const { control, random } = this.#deps
    const id = `login/${user}/${Buffer.from(random.bytes(12)).toString('base64url')}`
    try {
      await control.execute(command, { id, by: `user:${user}`, signal })
    } catch (error) {
      // Somebody may log in twice at once.
      if (!ClawError.is(error, 'USER_EXISTS')) throw error
    }
  }
}

const refusal = (reason: string): ClawError => new ClawError('AUTH_FAILED', { reason })
