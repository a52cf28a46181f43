/** What the kernel makes of rulings: packets between namespaces that stand in for containers, on two hosts of the lab. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../../src/core/network-policy/judge.ts'
import { rulingOf } from '../../src/core/network-policy/ruling.ts'
import type { Endpoint, WorkMarks } from '../../src/core/network-policy/work.ts'
import { formatIpv4, parseIpv4 } from '../../src/lib/cidr.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { NetworkPolicy } from '../../src/model/network-policy.ts'
import { parsePorts } from '../../src/model/network-policy.ts'
import { hasHosts } from '../support/lab-hosts.ts'
import { address, endpoint, policy, subnet } from '../support/network-policy-samples.ts'
import { containerAt, PolicyHosts } from '../support/policy-hosts.ts'

const { signal } = new AbortController()

/** Container I of host H is at 10.200.H.I+1. */
const work: readonly Endpoint[] = [
  endpoint(1, 2, { deployment: 'web', labels: { tier: '1' } }),
  endpoint(1, 3, { deployment: 'db' }),
  endpoint(2, 2, { namespace: 'b', deployment: 'web' }),
  endpoint(2, 3, { deployment: 'batch', labels: { tier: '1' } }),
]
const ports = ['80/tcp', '81/tcp', '80/udp']

const sets: readonly (readonly [string, readonly NetworkPolicy[]])[] = [
  [
    'nobody comes in to the database but the web, at one port',
    [policy({ selects: { deployment: 'db' }, ingress: [{ peers: [{ deployment: 'web' }], ports: ['80/tcp'] }] })],
  ],
  [
    'a namespace is closed both ways but for itself',
    [policy({ ingress: [{ peers: [{}], ports: [] }], egress: [{ peers: [{}], ports: [] }] })],
  ],
  [
    'what has a label goes out by UDP alone, and to a range without one address in it',
    [
      policy({
        selects: { labels: { tier: '1' } },
        egress: [
          { peers: [], ports: ['80/udp'] },
          { peers: [{ cidr: '10.200.0.0/16', except: ['10.200.1.3/32'] }], ports: ['81/tcp'] },
        ],
      }),
      policy({
        name: 'q',
        namespace: 'b',
        ingress: [{ peers: [{ namespace: '*', labels: { tier: '1' } }], ports: [] }],
      }),
    ],
  ],
  ['nothing at all', [policy({ ingress: [], egress: [] }), policy({ namespace: 'b', ingress: [], egress: [] })]],
]

describe.skipIf(!hasHosts)('given two hosts whose kernels are told who may reach whom', () => {
  let lab: PolicyHosts
  beforeAll(async () => {
    lab = await PolicyHosts.up(2)
  }, 240_000)
  afterAll(async () => {
    await lab.down()
  }, 60_000)

  const filters = new Map<number, ReturnType<PolicyHosts['filter']>>()
  const filterOf = (host: number) => {
    const filter = filters.get(host) ?? lab.filter(host)
    filters.set(host, filter)
    return filter
  }
  const apply = async (
    policies: readonly NetworkPolicy[],
    known = work,
    expected: readonly WorkMarks[] = [],
  ): Promise<void> => {
    for (const host of [1, 2]) {
      const isHere = ({ node }: Endpoint): boolean => node === nodeId(`n${host}`)
      const source = { residents: known.filter(isHere), others: known.filter((one) => !isHere(one)) }
      const ruling = rulingOf({ policies, ...source, expected, subnet: subnet(host), running: [] })
      if (ruling === null) await filterOf(host).remove(signal)
      else expect(await filterOf(host).apply(ruling, signal)).toEqual([])
    }
  }
  const targetsFor = (from: Endpoint): readonly string[] =>
    work.filter((to) => to !== from).flatMap((to) => ports.map((port) => `${formatIpv4(to.address)}:${port}`))
  const reached = (from: Endpoint): Promise<readonly string[]> =>
    lab.reaches(Number(from.node.slice(1)), (from.address % 256) - 1, targetsFor(from))

  test('without a policy, each reaches each', async () => {
    await apply([])
    for (const from of work) expect(await reached(from)).toEqual(targetsFor(from).toSorted())
  })

  test.each(sets)('%s: exactly what the policies mean gets through', async (_, policies) => {
    await apply(policies)
    const meant = (from: Endpoint): readonly string[] =>
      targetsFor(from)
        .filter((target) => {
          const [host = '', port = ''] = target.split(':')
          const to = work.find((one) => one.address === parseIpv4(host)) ?? null
          return judge(
            policies,
            { address: from.address, work: from },
            { address: to?.address ?? 0, work: to },
            parsePorts(port),
          ).isAllowed
        })
        .toSorted()
    const got = await Promise.all(work.map(reached))
    expect(got).toEqual(work.map(meant))
  })

  test('a node always reaches its work and answers for names; of what is closed, nothing else of it is reached', async () => {
    await apply([policy({ ingress: [], egress: [] })])
    const own = `${containerAt(1, 1)}:80/tcp`
    expect(await lab.reaches(1, null, [own])).toEqual([own])
    expect(await lab.reaches(1, 1, ['10.200.1.1:80/tcp', '10.200.1.1:81/tcp'])).toEqual([])
    await lab.run(
      1,
      'bash',
      '-c',
      `setsid ${process.execPath} -e "require('node:net').createServer((s) => s.end('x')).listen(53)" >/dev/null 2>&1 & sleep 1`,
    )
    expect(await lab.reaches(1, 1, ['10.200.1.1:53/tcp'])).toEqual(['10.200.1.1:53/tcp'])
  })

  test('who is outside, such as another host, reaches what is closed only by a rule for where it is', async () => {
    const target = `${containerAt(1, 2)}:80/tcp`
    const db = { selects: { deployment: 'db' } }
    await apply([policy({ ...db, ingress: [{ peers: [{ namespace: '*' }], ports: [] }] })])
    expect(await lab.reaches(2, null, [target])).toEqual([])
    const cidr = `${lab.hosts.addressOf(2)}/32`
    await apply([policy({ ...db, ingress: [{ peers: [{ cidr }], ports: [] }] })])
    expect(await lab.reaches(2, null, [target])).toEqual([target])
    await apply([policy({ ...db, ingress: [{ peers: [{ cidr: '0.0.0.0/0', except: [cidr] }], ports: [] }] })])
    expect(await lab.reaches(2, null, [target])).toEqual([])
    await apply([policy({ ...db, ingress: [{ peers: [{ cidr: '0.0.0.0/0' }], ports: [] }] })])
    expect(await lab.reaches(2, null, [target])).toEqual([target])
  })

  test('a connection that is open ends when it is not let through any more, within the host and across', async () => {
    await apply([])
    const [near, far] = [await lab.talk(1, 1, containerAt(1, 2)), await lab.talk(2, 2, containerAt(1, 2))]
    await apply([policy({ selects: { deployment: 'db' }, ingress: [] })])
    await sleep(200)
    const before = [near(), far()]
    await sleep(600)
    expect([near(), far()]).toEqual(before)
    await apply([])
    await sleep(3_000)
    expect(near()).toBeGreaterThan(before[0] ?? 0)
    expect(far()).toBeGreaterThan(before[1] ?? 0)
  })

  test('while work is expected that a policy is for, an address that nobody is known to have is closed on its ways', async () => {
    const elsewhere = [policy({ namespace: 'c', ingress: [] })]
    const meant = { namespace: 'c', deployment: null, labels: {} }
    const known = work.filter((one) => one.address !== address(1, 2))
    const [out, into] = [`${containerAt(1, 2)}:80/tcp`, `${containerAt(1, 1)}:80/tcp`]
    const open = async () => [await lab.reaches(1, 1, [out]), await lab.reaches(2, 1, [into])]
    await apply(elsewhere, known)
    expect(await open()).toEqual([[out], [into]])
    await apply(elsewhere, known, [meant])
    expect(await open()).toEqual([[out], []])
    await apply([policy({ namespace: 'c', egress: [] })], known, [meant])
    expect(await open()).toEqual([[], [into]])
    await apply(elsewhere)
    expect(await open()).toEqual([[out], [into]])
  })

  test('rules that somebody has taken away, or changed, are put back; rules that are whole are left alone', async () => {
    const closed = [policy({ selects: { deployment: 'db' }, ingress: [] })]
    const target = `${containerAt(1, 2)}:80/tcp`
    const list = (): Promise<string> => lab.run(1, 'nft', '-a', 'list', 'table', 'ip', 'claw-policies')
    await apply(closed)
    const before = await list()
    await apply(closed)
    expect(handlesIn(await list())).toBe(handlesIn(before))
    for (const damage of [
      ['delete', 'table', 'ip', 'claw-policies'],
      ['flush', 'ruleset'],
      ['flush', 'chain', 'ip', 'claw-policies', 'forward'],
    ]) {
      await lab.run(1, 'nft', ...damage)
      expect(await lab.reaches(1, 1, [target]), damage.join(' ')).toEqual([target])
      await apply(closed)
      expect(await lab.reaches(1, 1, [target])).toEqual([])
    }
  })

  test('what a daemon before had put in place is there until the next one has put its own in its place', async () => {
    await apply([policy({ selects: { deployment: 'db' }, ingress: [] })])
    filters.clear()
    expect(await filterOf(1).isThere(signal)).toBe(true)
    const target = `${containerAt(1, 2)}:80/tcp`
    expect(await lab.reaches(1, 1, [target])).toEqual([])
    await apply([policy({ selects: { deployment: 'web' }, ingress: [] })])
    expect(await lab.reaches(1, 1, [target])).toEqual([target])
    await filterOf(1).remove(signal)
    expect(await filterOf(1).isThere(signal)).toBe(false)
  })

  test('what cannot be put in place is said, and what was there stays', async () => {
    await apply([policy({ selects: { deployment: 'db' }, ingress: [] })])
    await lab.run(1, 'bash', '-c', 'mount --bind /bin/false "$(command -v nft)"')
    await expect(apply([policy({ namespace: 'c', ingress: [] })])).rejects.toMatchObject({
      code: 'PACKET_FILTER_FAILED',
    })
    await lab.run(1, 'bash', '-c', 'umount "$(command -v nft)"')
    expect(await lab.reaches(1, 1, [`${containerAt(1, 2)}:80/tcp`])).toEqual([])
  })
})

/** Which rules they are: a table that was put in place anew has others. */
const handlesIn = (listing: string): string => (listing.match(/# handle \d+/g) ?? []).join()
