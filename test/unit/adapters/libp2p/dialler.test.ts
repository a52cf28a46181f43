/** In which order the addresses of a peer are tried. */
import { expect, test } from 'vitest'
import { Dialler, type DiallerDeps } from '../../../../src/adapters/libp2p/dialler.ts'
import { newIdentity } from '../../../../src/adapters/keys/identity.ts'
import { silent } from '../../../../src/ports/log.ts'

const peer = newIdentity().id
const at = (ip: string): string => `/ip4/${ip}/tcp/4710/p2p/${peer}`
const [lan, other, tailnet] = [at('192.168.1.2'), at('10.0.0.2'), at('100.64.0.2')]
const { signal } = new AbortController()

/** Dials what it is told, and gets through only to these. */
function dialling({ open, sure }: { readonly open: readonly string[]; readonly sure: readonly string[] }) {
  const waves: string[][] = []
  const dialler = new Dialler({
    ...{ self: newIdentity().id, log: silent, elapsed: () => 0, addressesOf: () => [lan, other, tailnet] },
    ways: (addresses: readonly string[]) => addresses.filter((address) => sure.includes(address)),
    links: { current: () => undefined, dialled: () => Promise.resolve(), untilUp: () => Promise.resolve() },
    node: {
      peerStore: { all: () => Promise.resolve([]) },
      dial(targets: readonly { toString(): string }[]) {
        const wave = targets.map((target) => target.toString())
        waves.push(wave)
        const isOpen = wave.some((target) => open.includes(target))
        return isOpen ? Promise.resolve({}) : Promise.reject(new Error('nobody answers'))
      },
    },
  } as unknown as DiallerDeps)
  return { waves, dialler }
}

test('given no way that is sure, all are tried together', async () => {
  const { waves, dialler } = dialling({ open: [lan], sure: [] })
  await dialler.reach(peer, signal)
  expect(waves).toEqual([[lan, other, tailnet]])
})

test('given one that is, it comes first, and the others are left alone', async () => {
  const { waves, dialler } = dialling({ open: [lan, tailnet], sure: [tailnet] })
  await dialler.reach(peer, signal)
  expect(waves).toEqual([[tailnet]])
})

test('given that it is not open after all, the others are tried', async () => {
  const { waves, dialler } = dialling({ open: [other], sure: [tailnet] })
  await dialler.reach(peer, signal)
  expect(waves).toEqual([[tailnet], [lan, other]])
})

test('given that none is open, that is said', async () => {
  const { dialler } = dialling({ open: [], sure: [tailnet] })
  await expect(dialler.reach(peer, signal)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})

test('given a peer that was found on the LAN, its addresses there are not passed over', async () => {
  const near = at('192.168.1.9')
  const { waves, dialler } = dialling({ open: [near, tailnet], sure: [tailnet] })
  dialler.discovered({ id: peer, multiaddrs: [near] } as never)
  await dialler.reach(peer, signal)
  await dialler.reach(peer, signal)
  expect(waves).toEqual([[near], [near, lan, other, tailnet]])
})
