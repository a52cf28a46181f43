import type * as fsPromises from 'node:fs/promises'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nftables } from '../../../../src/adapters/nftables/nftables.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { Ruling } from '../../../../src/ports/packet-filter.ts'
import type { ToolResult } from '../../../../src/ports/tool.ts'
import { subnet } from '../../../support/network-policy-samples.ts'

const disk = vi.hoisted(() => ({ problem: null as Error | null }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fsPromises>()
  const writeFile: typeof real.writeFile = (...args) =>
    disk.problem === null ? real.writeFile(...args) : Promise.reject(disk.problem)
  return { ...real, writeFile }
})

const ruling: Ruling = { ranges: [subnet(1)], known: [], shut: [], groups: [] }
const { signal } = new AbortController()
const forAll = ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables', 'bridge-nf-call-arptables']
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-nftables-'))
})
afterEach(() => {
  disk.problem = null
  rmSync(folder, { recursive: true, force: true })
})

/** A host with a bridge for work, whose kernel has `br_netfilter` once it is loaded. */
function host(listed = '7: claw-br0    inet 10.200.1.1/24 brd 10.200.1.255 scope global claw-br0') {
  const bridges = join(folder, 'bridge')
  const commands: string[] = []
  const load = (): void => {
    mkdirSync(bridges, { recursive: true })
    for (const name of forAll) writeFileSync(join(bridges, name), '1')
  }
  const filter = nftables({
    ...{ name: 'claw-policies', folder: join(folder, 'overlay'), bridges },
    run(command, args) {
      commands.push([command, ...args].join(' '))
      if (command === 'modprobe') load()
      const stdout = command === 'ip' && args.includes('address') ? listed : ''
      const result: ToolResult = { code: 0, stdout, stderr: '', timedOut: false, missing: false, truncated: false }
      return Promise.resolve(result)
    },
  })
  const settings = (): readonly string[] => forAll.map((name) => readFileSync(join(bridges, name), 'utf8'))
  return { filter, commands, load, settings }
}

const failed = (code: string): Error => Object.assign(new Error(`${code}: it cannot be written`), { code })

test.each([
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
  ['EROFS', 'PACKET_FILTER_FAILED'],
])('given a disk that answers with %s, a ruling fails with %s, and is put in place later', async (code, expected) => {
  const { filter, commands } = host()
  disk.problem = failed(code)
  const error: unknown = await filter.apply(ruling, signal).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ClawError)
  expect(error).toMatchObject({ code: expected })
  expect(commands.filter((one) => one.startsWith('nft -f'))).toEqual([])
  disk.problem = null
  expect(await filter.apply(ruling, signal)).toEqual([])
  expect(commands.filter((one) => one.startsWith('nft -f'))).toHaveLength(1)
})

test('given a kernel without br_netfilter, it is loaded for the bridge of work, and other bridges stay as they were', async () => {
  const { filter, commands, settings } = host()
  expect(await filter.apply(ruling, signal)).toEqual([])
  expect(settings()).toEqual(['0', '0', '0'])
  expect(commands).toContain('ip link set dev claw-br0 type bridge nf_call_iptables 1')
})

test('given br_netfilter that others have loaded, what they have set for all bridges is theirs', async () => {
  const { filter, commands, load, settings } = host()
  load()
  expect(await filter.apply(ruling, signal)).toEqual([])
  expect(settings()).toEqual(['1', '1', '1'])
  expect(commands).toContain('ip link set dev claw-br0 type bridge nf_call_iptables 1')
  expect(commands).not.toContain('modprobe br_netfilter')
})

test('given work that has kept an address of an earlier range, the bridge that it is on is shown to the rules as well, and no other', async () => {
  const lines = [
    '7: clawbr    inet 10.77.1.1/24 scope global clawbr',
    '9: virbr0    inet 192.168.122.1/24 scope global',
  ]
  const { filter, commands } = host(lines.join('\n'))
  expect(await filter.apply({ ...ruling, ranges: [subnet(1), '10.77.1.5/32'] }, signal)).toEqual([])
  expect(commands.filter((one) => one.startsWith('ip link'))).toEqual([
    'ip link set dev clawbr type bridge nf_call_iptables 1',
  ])
})
