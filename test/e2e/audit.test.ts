/** Who did what is on record on the nodes, and whatever is done to the record of a running daemon is found. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, Mesh, type Daemon } from '../support/mesh.ts'
import { figure } from '../support/figure.ts'

interface Entry {
  readonly node: string
  readonly actor: string
  readonly operation: string
  readonly object: string | null
  readonly decision: string
  readonly outcome: string
  readonly count: number
}

interface Checked {
  readonly node: string
  readonly entries: number
  readonly confirmed: number | null
  readonly problem: { readonly seq: number; readonly kind: string } | null
}

const canary = 'canary-7f3a9c'
let mesh: Mesh
let one: Daemon
let two: Daemon

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two'], environment: { CLAWNODE_AUDIT_HEAD_MINUTES: '0.05' } })
  ;[one, two] = [mesh.get(0), mesh.get(1)]
})
afterAll(async () => {
  await mesh.stop()
})

const query = (daemon: Daemon, ...words: readonly string[]): Promise<readonly Entry[]> =>
  daemon.json<readonly Entry[]>('audit', 'query', ...words)

test('given changes and denials at two peers, when the log is asked, then it names who did what, and holds no values', async () => {
  await one.json('run', '-d', '--name', 'train', '-e', `API_KEY=${canary}`, 'host', '--', 'true')
  await two.json('namespace', 'create', 'team-a')
  expect((await two.cli('namespace', 'create', 'team-a')).code).toBe(7)
  const refused = await fetch(`http://${one.api}/api/status`, { headers: { authorization: 'Bearer wrong' } })
  expect(refused.status).toBe(401)

  const all = await query(one, '--all')
  expect(all).toContainEqual(
    expect.objectContaining({
      node: 'one',
      actor: 'socket',
      operation: 'workload.run',
      object: 'train',
      outcome: 'ok',
    }),
  )
  expect(all).toContainEqual(
    expect.objectContaining({ node: 'one', actor: 'address 127.0.0.1', decision: 'denied', outcome: 'AUTH_FAILED' }),
  )
  const outcomes = all
    .filter(({ operation }) => operation === 'namespace.create')
    .map(({ node, outcome }) => `${node} ${outcome}`)
  expect(outcomes).toEqual(['two ok', 'two NAMESPACE_EXISTS'])
  expect(JSON.stringify(all)).not.toContain(canary)
  for (const { dataDir } of mesh.daemons)
    for (const file of readdirSync(join(dataDir, 'audit')))
      expect(readFileSync(join(dataDir, 'audit', file), 'utf8')).not.toContain(canary)
})

test('given logs of a running mesh, when they are checked and exported, then they are whole, here and elsewhere', async () => {
  const checked = await eventually(
    'the others know of both logs',
    20_000,
    () => one.json<readonly Checked[]>('audit', 'verify', '--all'),
    (all) => all.every(({ confirmed }) => confirmed !== null),
  )
  expect(checked.map(({ node, problem }) => [node, problem])).toEqual([['one', null], ['two', null]]) // prettier-ignore
  for (const format of ['jsonl', 'csv']) {
    const file = join(mesh.directory, `audit.${format}`)
    await one.json('audit', 'export', '--all', '--format', format, file)
    expect((await one.cli('audit', 'verify', '--file', file)).code).toBe(0)
    writeFileSync(file, readFileSync(file, 'utf8').replace('team-a', 'team-b'))
    const after = await one.cli('audit', 'verify', '--file', file)
    expect([after.code, after.stderr]).toEqual([1, expect.stringMatching(/AUDIT_BROKEN.*was edited/s)])
  }
})

test('given a running daemon, when entries in its files are edited, dropped, moved, repeated or cut off, then each is found and named', async () => {
  for (let i = 0; i < 4; i += 1) await two.json('namespace', 'set', 'team-a', '--weight', String(i + 1))
  const path = join(two.dataDir, 'audit', readdirSync(join(two.dataDir, 'audit'))[0] ?? '')
  const whole = readFileSync(path, 'utf8')
  const lines = whole.split('\n').slice(0, -1)
  const line = (i: number): string => lines[i] ?? ''
  const text = (all: readonly string[]): string => all.map((each) => `${each}\n`).join('')
  const done: readonly (readonly [kind: string, seq: number, text: string])[] = [
    ['edited', 3, text(lines.with(2, line(2).replace('"actor":"socket"', '"actor":"sucket"')))],
    ['dropped', 2, text(lines.toSpliced(1, 1))],
    ['reordered', 2, text([line(0), line(2), line(1), ...lines.slice(3)])],
    ['duplicated', 2, text(lines.toSpliced(4, 0, line(1)))],
    ['truncated', lines.length - 1, text(lines.slice(0, -2))],
  ]
  const found: string[] = []
  for (const [kind, seq, tampered] of done) {
    writeFileSync(path, tampered)
    const reply = await two.cli('--json', 'audit', 'verify')
    expect(reply.code).toBe(1)
    expect((JSON.parse(reply.stdout) as readonly Checked[])[0]?.problem).toMatchObject({ kind, seq })
    found.push(kind)
  }
  writeFileSync(path, whole)
  expect((await two.cli('audit', 'verify')).code).toBe(0)
  figure('audit', { tamperedFilesFound: found })

  // Cut off while the daemon is down, and even so that it looks like a crash: the other peer remembers.
  await eventually(
    'the other peer knows how far the log has come',
    20_000,
    () => one.json<readonly Checked[]>('audit', 'verify', '--node', 'two'),
    ([log]) => (log?.confirmed ?? 0) >= lines.length,
  )
  await two.end('SIGKILL')
  truncateSync(path, Buffer.byteLength(text(lines.slice(0, -3))) + 20)
  await two.start()
  const [log] = JSON.parse((await one.cli('--json', 'audit', 'verify', '--node', 'two')).stdout) as readonly Checked[]
  expect(log?.problem?.kind).toMatch(/truncated|rewritten/)
})
