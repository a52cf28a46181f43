/** Work that a network policy is for, on hosts with an overlay. */
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import { spec, submit } from '../../../support/control-samples.ts'
import { OverlayHosts } from '../../../support/overlay-hosts.ts'
import { enableOverlay } from '../../../support/overlay-samples.ts'
import { networkFor, running } from '../../../support/overlay-work.ts'

const name = 'clawbr'

/** For all work of the namespace with that label. */
const closed: Command = {
  ...{ type: 'create-network-policy', namespace: 'default', name: 'closed', about: '' },
  ...{ selects: { labels: { tier: 'db' } }, ingress: [], egress: null },
}
const guarded = { labels: { tier: 'db' } }
const heldBack = 'overlay: work that network policies are for does not start without it'

describe('given work that a network policy is for', () => {
  test('it goes to no other network while the overlay’s is not there, which the node tells; other work does', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.engine.refusal = 'no'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.run(closed)
    await expect(networkFor(hosts, host, guarded)).rejects.toMatchObject({ code: 'OVERLAY_FAILED' })
    expect(host.service.problems()).toContain(heldBack)
    expect(await networkFor(hosts, host)).toBeNull()
    host.engine.refusal = null
    await hosts.world.runFor(30_000)
    expect(await networkFor(hosts, host, guarded)).toBe(name)
    expect(host.service.problems()).toEqual([])
  })

  test('it starts once the overlay is there that could not be set up at first', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.tunnels.failure = 'nft did not answer'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.run(closed)
    await expect(networkFor(hosts, host, guarded)).rejects.toMatchObject({ code: 'OVERLAY_FAILED' })
    host.tunnels.failure = null
    await hosts.world.runFor(15_000)
    expect(await networkFor(hosts, host, guarded)).toBe(name)
  })

  test('it goes to the usual network where the host is not able to have an overlay at all', async () => {
    const hosts = await OverlayHosts.of(1)
    hosts.get(0).tunnels.obstacleHere = 'wg is not installed (wireguard-tools)'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.run(closed)
    expect(await networkFor(hosts, hosts.get(0), guarded)).toBeNull()
  })

  test('it goes to the usual network once the overlay is turned off', async () => {
    const hosts = await running(1)
    await hosts.run(closed)
    await hosts.run({ type: 'disable-overlay' })
    expect(await networkFor(hosts, hosts.get(0), guarded)).toBeNull()
  })

  test('a policy that comes after the usual network was chosen, and before the start, has it chosen anew', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.engine.refusal = 'no'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.run(submit('work'))
    const workload = hosts.control.state.workloads.get(workloadId('work'))
    if (workload === undefined) throw new Error('it was not taken')
    const guardedWork = { ...workload, spec: spec(guarded) }
    expect(await hosts.played(host.service.networkFor(guardedWork, new AbortController().signal))).toBeNull()
    expect(() => host.service.confirmUsual(guardedWork)).not.toThrow()
    await hosts.run(closed)
    expect(() => host.service.confirmUsual(guardedWork)).toThrow(ClawError)
    expect(host.service.problems()).toContain(heldBack)
    expect(() => host.service.confirmUsual({ ...workload, spec: spec() })).not.toThrow()
  })
})
