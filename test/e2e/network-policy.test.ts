/** Network policies on two hosts of the lab, each with an engine of its own: who of their containers reaches whom over the overlay. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OutputOf } from '../../src/operations/registry.ts'
import { labImage } from '../support/lab-docker.ts'
import { eventually } from '../support/mesh.ts'
import { hasOverlayLab, OverlayLab } from '../support/overlay-lab.ts'

type Info = OutputOf<'networkpolicy.info'>
type Check = OutputOf<'networkpolicy.check'>

/** A change is kept everywhere within a second; hosts of a busy lab have longer. */
const soon = 10_000

describe.skipIf(!hasOverlayLab)('given two hosts with containers that reach each other', () => {
  let lab: OverlayLab
  const addresses = new Map<string, string>()
  beforeAll(async () => {
    lab = await OverlayLab.up(2, { all: 2, hidden: [], engines: true })
    expect((await lab.of(1).cli('network', 'wg', 'enable')).code).toBe(0)
    await lab.allReach([1, 2])
    await Promise.all([
      start('web', 1, 'web'),
      start('other', 1, 'other'),
      start('near', 1, 'db'),
      start('far', 2, 'db'),
    ])
  }, 240_000)
  afterAll(async () => {
    await lab.down()
  }, 60_000)

  /** Answers at port 8080, and waits until its address is known. */
  async function start(name: string, host: number, role: string): Promise<void> {
    const serve = `while true; do echo ${name} | nc -l -p 8080; done`
    const where = ['--name', name, '--node', `gpu-${host}`, '--label', `role=${role}`, '--stop-grace', '1s']
    await lab.of(1).json('run', '-d', ...where, '--image', labImage, '--', 'sh', '-c', serve)
    const { overlayAddress } = await eventually(
      `${name} has an address`,
      60_000,
      () => lab.of(1).json<{ overlayAddress: string | null }>('workload', 'info', name),
      (info) => info.overlayAddress !== null,
    )
    addresses.set(name, overlayAddress ?? '')
  }
  const handles = new Map<string, string>()
  /** By the engine itself, so that no daemon is asked. */
  async function get(from: string, to: string): Promise<string> {
    const host = from === 'far' ? 2 : 1
    const handle = handles.get(from) ?? (await lab.docker(host, 'ps', '-q', '-f', `name=claw-${from}-`)).trim()
    handles.set(from, handle)
    const ask = `nc -w 1 ${addresses.get(to) ?? 'none'} 8080 || true`
    return (await lab.docker(host, 'exec', handle, 'sh', '-c', ask)).trim()
  }
  const reaches = (from: string, to: string) =>
    eventually(
      `${from} reaches ${to}`,
      30_000,
      () => get(from, to),
      (said) => said === to,
    )
  const isKeptFrom = (from: string, to: string, limit = soon) =>
    eventually(
      `${from} does not reach ${to}`,
      limit,
      () => get(from, to),
      (said) => said === '',
    )
  const areThere = (limit: number) =>
    eventually(
      'host 2 has rules',
      limit,
      () => lab.run(2, 'nft', 'list', 'tables'),
      (out) => out.includes('claw-policies'),
    )
  const policy = async (...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await lab.of(1).cli('network', 'policy', ...words)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }
  const info = (at = 1): Promise<Info> => lab.of(at).json<Info>('network', 'policy', 'info', 'db')
  const check = (from: string, to: string): Promise<Check> =>
    lab.of(2).json<Check>('network', 'policy', 'check', from, to, '--port', '8080')

  test('what a policy closes is reached by those whom it lets in, and by nobody else, on the same host and across', async () => {
    for (const to of ['near', 'far']) for (const from of ['web', 'other']) await reaches(from, to)
    await policy('create', 'db', '--label', 'role=db', '--from-label', 'role=web', '--port', '8080')
    for (const to of ['near', 'far']) {
      await isKeptFrom('other', to)
      await reaches('web', to)
    }
    await isKeptFrom('far', 'near')
    await reaches('near', 'web')
    expect(await info()).toMatchObject({ selected: 2, unenforced: [] })
  }, 120_000)

  test('the model says the same, and why', async () => {
    expect(await check('web', 'far')).toMatchObject({ allowed: true, ingress: { by: 'default/db' }, unenforced: [] })
    const { code, stdout } = await lab.of(1).cli('network', 'policy', 'check', 'other', 'far', '--port', '8080')
    expect(code).toBe(5)
    expect(stdout).toContain('default/db is for what is opened to far, and none lets it through')
    const { code: closed } = await lab.of(1).cli('network', 'policy', 'check', 'web', 'far', '--port', '8081')
    expect(closed).toBe(5)
  }, 60_000)

  test('new work that a policy is for is closed from its first moment on', async () => {
    const started = start('newer', 1, 'db')
    const said = new Set<string>()
    const address = (last: string): string => `10.200.${addresses.get('web')?.split('.')[2] ?? ''}.${last}`
    const guess = String(
      Math.max(...['web', 'other', 'near'].map((name) => Number(addresses.get(name)?.split('.')[3]))) + 1,
    )
    addresses.set('guess', address(guess))
    let isStarted = false
    const over = started.then(() => {
      isStarted = true
    })
    while (!isStarted) said.add(await get('other', 'guess'))
    await over
    expect(addresses.get('newer')).toBe(addresses.get('guess'))
    said.add(await get('other', 'newer'))
    expect([...said]).toEqual([''])
    await reaches('web', 'newer')
  }, 90_000)

  test('a change of a policy is kept within moments', async () => {
    await policy('update', 'db', '--from-label', 'role=other', '--port', '8080')
    await isKeptFrom('web', 'far')
    await reaches('other', 'far')
    await policy('update', 'db', '--from-label', 'role=web', '--port', '8080')
    await isKeptFrom('other', 'far')
    await reaches('web', 'far')
  }, 90_000)

  test('what may not go out still has its names answered, and reaches nobody', async () => {
    const lookUp = (): Promise<{ readonly code: number }> =>
      lab.of(1).cli('exec', 'other', '--', 'nslookup', 'web.default.claw')
    await policy('create', 'shut', '--label', 'role=other', '--deny-egress')
    await isKeptFrom('other', 'web')
    await reaches('web', 'other')
    expect((await lookUp()).code).toBe(0)
    await policy('delete', 'shut', '--yes')
    await reaches('other', 'web')
  }, 60_000)

  test('rules stay when a daemon dies, and are put back when somebody takes them away', async () => {
    await lab.of(2).end('SIGKILL')
    await isKeptFrom('other', 'far', 2_000)
    await reaches('web', 'far')
    await lab.run(2, 'nft', 'delete', 'table', 'ip', 'claw-policies')
    await reaches('other', 'far')
    await lab.of(2).start()
    for (const limit of [60_000, 30_000]) {
      await areThere(limit)
      await isKeptFrom('other', 'far')
      await reaches('web', 'far')
      await lab.run(2, 'nft', 'delete', 'table', 'ip', 'claw-policies')
    }
    await areThere(30_000)
  }, 120_000)

  test('where policies are not kept, it is said', async () => {
    await lab
      .of(1)
      .json(
        'run',
        '-d',
        '--name',
        'bare',
        '--network',
        'host',
        '--label',
        'role=db',
        '--image',
        labImage,
        '--',
        'sleep',
        '300',
      )
    await lab.run(2, 'sh', '-c', 'mount --bind /bin/false "$(command -v nft)"')
    const { unenforced } = await eventually(
      'both are named',
      60_000,
      () => info(),
      (one) =>
        one.unenforced.some(({ node, workload }) => node === 'gpu-2' && workload === null) &&
        one.unenforced.some(({ workload }) => workload === 'bare'),
    )
    expect(unenforced.find(({ workload }) => workload === 'bare')?.reason).toContain('the network of its node')
    // The daemon may be running it in this moment.
    await lab.run(2, 'sh', '-c', 'umount --lazy "$(command -v nft)"')
    await eventually(
      'it is kept again',
      30_000,
      () => info(),
      (one) => one.unenforced.every(({ workload }) => workload === 'bare'),
    )
  }, 120_000)

  test('without a policy, all is open and no rule is left', async () => {
    await policy('delete', 'db', '--yes')
    await reaches('other', 'far')
    await reaches('other', 'near')
    for (const host of [1, 2]) expect(await lab.run(host, 'nft', 'list', 'tables')).not.toContain('claw-policies')
  }, 60_000)
})
