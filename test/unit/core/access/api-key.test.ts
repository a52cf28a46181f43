import { describe, expect, test } from 'vitest'
import { isApiKeySecret, keyOfSecret, newSecret } from '../../../../src/core/access/api-key.ts'
import type { ApiKey } from '../../../../src/model/access.ts'
import { World } from '../../../../src/simulation/world.ts'

const world = new World(1)
const made = () => newSecret((count) => world.bytes(count))

const keyWith = (id: string, hash: string, parts: Partial<ApiKey> = {}): ApiKey => ({
  ...{ id, hash, name: '', user: null, previous: null, scopes: [], namespace: null },
  ...{ createdAt: 0, createdBy: 'socket', expiresAt: 1_000, lifetime: 1_000, lastUsedAt: null, revokedAt: null },
  ...parts,
})

describe('the secret of an API key', () => {
  test('leads to its key, and no other secret does', () => {
    const [one, other] = [made(), made()]
    const apikeys = new Map([one, other].map(({ id, hash }) => [id, keyWith(id, hash)]))
    expect(one.id).toMatch(/^ak_[a-z2-7]{12}$/)
    expect(isApiKeySecret(one.secret)).toBe(true)
    expect(keyOfSecret({ apikeys }, one.secret, 0)?.id).toBe(one.id)
    const forged = `${one.secret.slice(0, 17)}${other.secret.slice(17)}`
    for (const wrong of [forged, one.id, '', `${one.secret}a`, one.secret.toUpperCase(), one.secret.slice(0, -1)])
      expect(keyOfSecret({ apikeys }, wrong, 0), wrong).toBe(undefined)
  })

  test('before a rotation is good until its time is up', () => {
    const first = made()
    const second = newSecret((count) => world.bytes(count), first.id)
    expect(second.id).toBe(first.id)
    const key = keyWith(first.id, second.hash, { previous: { hash: first.hash, until: 100 } })
    const apikeys = new Map([[key.id, key]])
    expect(keyOfSecret({ apikeys }, second.secret, 500)).toBe(key)
    expect(keyOfSecret({ apikeys }, first.secret, 99)).toBe(key)
    expect(keyOfSecret({ apikeys }, first.secret, 100)).toBe(undefined)
  })

  test('cannot be found out from what is kept of it', () => {
    const { secret, hash } = made()
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(hash).not.toContain(secret.slice(17))
    expect(secret.slice(17)).toHaveLength(40)
  })
})
