import { expect, test } from 'vitest'
import { isPublicAddress } from '../../../../../src/lib/public-address.ts'
import { Registries } from '../../../../../src/services/molt/lending/registries.ts'
import { World } from '../../../../../src/simulation/world.ts'

const anything = { allowed: null, blocked: [] }

function asked(found: Readonly<Record<string, readonly string[] | 'silence'>>) {
  const world = new World(1)
  const looked: string[] = []
  const lookUp = (host: string): Promise<readonly string[]> => {
    looked.push(host)
    const addresses = found[host] ?? []
    return addresses === 'silence' ? new Promise(() => {}) : Promise.resolve(addresses)
  }
  return { world, looked, registries: new Registries({ clock: world, lookUp }) }
}

test('an image is not pulled from where a public name leads into networks of the host’s own', async () => {
  const { registries } = asked({
    'docker.io': ['8.8.8.8'],
    'evil.example.com': ['8.8.8.8', '169.254.169.254'],
    'inner.example.com': ['10.0.0.5'],
    'six.example.com': ['fd00::1'],
  })
  expect(await registries.mayPull(anything, 'busybox')).toBe(true)
  for (const name of ['evil.example.com/a', 'inner.example.com:5000/a', 'six.example.com/a'])
    expect([name, await registries.mayPull(anything, name)]).toEqual([name, false])
})

test('a registry that the owner has named may be wherever it is, and is not looked for', async () => {
  const { registries, looked } = asked({ 'inner.example.com': ['10.0.0.5'] })
  expect(await registries.mayPull({ allowed: ['inner.example.com/*'], blocked: [] }, 'inner.example.com/a')).toBe(true)
  expect(looked).toEqual([])
  expect(await registries.mayPull({ allowed: ['*'], blocked: [] }, 'inner.example.com/a')).toBe(false)
})

test('a name is looked for once a minute, and nobody waits for long', async () => {
  const { world, registries, looked } = asked({ 'slow.example.com': 'silence' })
  const slow = registries.mayPull(anything, 'slow.example.com/a')
  await world.runFor(4_000)
  expect(await slow).toBe(true)
  await registries.mayPull(anything, 'slow.example.com/b')
  expect(looked).toEqual(['slow.example.com'])
  await world.runFor(60_000)
  await registries.mayPull(anything, 'docker.io/a')
  void registries.mayPull(anything, 'slow.example.com/c').catch(() => 'nobody waits for it')
  expect(looked).toEqual(['slow.example.com', 'docker.io', 'slow.example.com'])
})

test('addresses are public that are the same from everywhere', () => {
  for (const one of ['8.8.8.8', '172.32.0.1', '2606:4700::1111'])
    expect([one, isPublicAddress(one)]).toEqual([one, true])
  for (const one of [
    '127.0.0.1',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
  ])
    expect([one, isPublicAddress(one)]).toEqual([one, false])
  for (const one of ['2002:a00::1', '64:ff9b::a00:1', '2001:db8::1', 'nonsense', '224.0.0.1'])
    expect([one, isPublicAddress(one)]).toEqual([one, false])
})
