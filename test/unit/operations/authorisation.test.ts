/** The authorisation matrix: every operation, as every role, here and elsewhere, with credentials that count and that do not. */
import { afterAll, describe, expect, test } from 'vitest'
import { resources } from '../../../src/model/access.ts'
import { ClawError, isClawError } from '../../../src/model/failure.ts'
import { nodeId, workloadId } from '../../../src/model/ids.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import type { Caller, Operation } from '../../../src/operations/operation.ts'
import { operations } from '../../../src/operations/registry.ts'
import { invokeOperation } from '../../../src/wire/operation.ts'
import { type AccessMesh, accessMesh } from '../../support/access/mesh.ts'
import { beyond, type Letter, letters, neverByKey, rows } from '../../support/access/matrix.ts'
import type { Row } from '../../support/access/row.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { sample } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { figure } from '../../support/figure.ts'

const { signal } = new AbortController()
const all: readonly Operation[] = operations

/** Told by what takes the place of every handler: whoever comes so far would have had an effect. */
const entered = 'somebody was let in'
const hasEntered = (error: unknown): boolean => ClawError.is(error, 'INTERNAL') && error.facts.detail === entered

const probed = new Map(
  all.map((operation) => [
    operation.name,
    {
      ...operation,
      handler() {
        throw new ClawError('INTERNAL', { detail: entered })
      },
    },
  ]),
)

/** Requests so far, each of which did what the table says. */
let asked = 0
afterAll(() => figure('A6', { operations: all.length, rows: cases.length, requests: asked }))

/** `entered`, or the code of the refusal. */
async function outcome(mesh: AccessMesh, operation: Operation, input: object, caller: Caller): Promise<string> {
  asked += 1
  const service = new OperationService(mesh.context(ada), probed)
  const asker = { caller, signal }
  const { name, kind } = operation
  try {
    if (kind === 'unary') await service.invoke(name, input, asker)
    else if (kind === 'stream') await Array.fromAsync(service.open(name, input, asker))
    else for await (const told of (await service.converse(name, input, asker)).messages) expect(told).toBe(null)
    return 'nothing'
  } catch (error) {
    if (hasEntered(error)) return 'entered'
    if (isClawError(error)) return error.code
    throw error
  }
}

const refusals = /^(PERMISSION_DENIED|AUTH_FAILED|(WORKLOAD|DEPLOYMENT|SERVICE|JOB|CRON|WORKFLOW)_NOT_FOUND)$/

/** What the table says of somebody with that role, there (null for everywhere), who asks for something of that team. */
function isAllowed({ scope, may }: Row, letter: Letter | null, where: string | null, team: 'a' | 'b'): boolean {
  if (scope === 'self') return true
  if (scope === 'nobody' || letter === null || !may.includes(letter)) return false
  if (where === null || scope === 'list') return true
  return scope === 'namespace' && where === `team-${team}`
}

const cases: readonly (readonly [string, Operation, Row])[] = [
  ...all.flatMap((operation) => {
    const row = rows[operation.name]
    return row === undefined ? [] : [[operation.name, operation, row] as const]
  }),
  ...Object.entries(beyond).flatMap(([name, [of, row]]) => {
    const operation = all.find((one) => one.name === of)
    return operation === undefined ? [] : [[name, operation, row] as const]
  }),
]

test('every operation has a row, and every row an operation', () => {
  expect(Object.keys(rows).toSorted()).toEqual(all.map(({ name }) => name).toSorted())
  expect(all.flatMap(({ name, lasting }) => (lasting === undefined ? [] : [name])).toSorted()).toEqual(
    neverByKey.toSorted(),
  )
  expect(cases).toHaveLength(all.length + Object.keys(beyond).length)
})

const known = [null, ...(Object.keys(letters) as Letter[])]
const places = [null, 'team-a'] as const
const teams = ['a', 'b'] as const

describe.each(cases)('%s', (_, operation, row) => {
  test('is done for whom the table says, and for nobody else before anything happens', async () => {
    const mesh = await accessMesh()
    const wrong: string[] = []
    for (const letter of known)
      for (const where of places)
        for (const team of teams) {
          const role = letter === null ? null : letters[letter]
          for (const credential of ['login', 'key'] as const) {
            const isTooMuch = credential === 'key' && neverByKey.includes(operation.name)
            const allowed = !isTooMuch && isAllowed(row, letter, where, team)
            const got = await outcome(mesh, operation, row.input(team), mesh.caller(role, where, credential))
            if (allowed ? got !== 'entered' : !refusals.test(got))
              wrong.push(`${role} ${where} asks for team-${team} by ${credential}: ${got}`)
          }
        }
    expect(wrong).toEqual([])
  })

  test('is refused to whoever comes with what counts no more, whatever they could do before', async () => {
    const mesh = await accessMesh()
    for (const credential of ['expired', 'revoked', 'disabled', 'unknown'] as const) {
      const caller = mesh.caller('admin', null, credential)
      expect(await outcome(mesh, operation, row.input('a'), caller), credential).toBe('AUTH_FAILED')
    }
  })
})

describe('through another peer', () => {
  const unary = cases.filter(([, { kind }]) => kind === 'unary')

  /** The same, as bob asks ada for it in the name of a caller. */
  const forwarded = async (mesh: AccessMesh, operation: Operation, input: object, caller: string): Promise<string> => {
    const wire = {
      name: operation.name,
      input: JSON.stringify(input),
      caller,
      role: 'admin',
      request: '',
      proof: new Uint8Array(0),
    }
    try {
      await play(mesh.world, mesh.network.host(bob).rpc.call(ada, invokeOperation, wire, signal))
      return 'nothing'
    } catch (error) {
      if (hasEntered(error)) return 'entered'
      return isClawError(error) ? error.code : String(error)
    }
  }

  test.each(unary)('%s is done as for the caller, whatever role comes along', async (_, operation, row) => {
    const mesh = await accessMesh(probed)
    for (const letter of known)
      for (const where of places) {
        const role = letter === null ? null : letters[letter]
        const { id } = mesh.caller(role, where, 'login')
        const got = await forwarded(mesh, operation, row.input('a'), id)
        const allowed = isAllowed(row, letter, where, 'a')
        expect(allowed ? got === 'entered' : refusals.test(got), `${role} ${where}: ${got}`).toBe(true)
      }
  })

  test.each(unary)('%s is done for a worker as for a viewer, whoever it says is asking', async (_, operation, row) => {
    const mesh = await accessMesh(probed)
    mesh.makeWorker(bob)
    const mayView = isAllowed(row, 'v', null, 'a')
    for (const caller of ['socket', 'token:api', mesh.caller('admin', null, 'login').id]) {
      const got = await forwarded(mesh, operation, row.input('a'), caller)
      expect(mayView ? got === 'entered' : refusals.test(got), `${caller}: ${got}`).toBe(true)
    }
  })
})

describe('what a list shows', () => {
  const lists = cases.filter(([, { kind }, { scope }]) => scope === 'list' && kind !== 'duplex')

  test.each(lists)('%s shows nothing of a namespace that the caller may not look into', async (_, operation, row) => {
    const mesh = await accessMesh()
    const service = new OperationService(mesh.context(ada))
    const ask = async (caller: Caller): Promise<string> => {
      const asker = { caller, signal }
      const taken = async (): Promise<unknown> =>
        operation.kind === 'unary'
          ? service.invoke(operation.name, row.input('b'), asker)
          : Array.fromAsync(service.open(operation.name, row.input('b'), asker))
      return JSON.stringify(
        await play(
          mesh.world,
          taken().catch((error: unknown) => (isClawError(error) ? error.code : error)),
        ),
      )
    }
    const seen = await ask(mesh.caller('operator', 'team-a', 'login'))
    expect(seen).not.toMatch(/job-b|wl-b|web-b|kept-b|team-b|secret of b/)
  })

  const reads = cases.filter(([, { kind, permission }]) => kind !== 'duplex' && permission.verb === 'read')

  test.each(reads)('%s names no work to whoever may look at all but work', async (_, operation, row) => {
    const mesh = await accessMesh()
    mesh.samples.set(ada, [sample('GPU-ada-0')])
    mesh.apply(submit('wl-gpu', { namespace: 'team-b', gpus: { count: 1 } }, 'job-b-gpu'))
    mesh.running(workloadId('wl-gpu'), ada, [0])
    mesh.figures = ['web-a', 'web-b']
      .map((name) => `claw_service_requests_total{ok="true",service="${name}"} 1`)
      .join('\n')
    const plain = resources.filter((resource) => resource !== 'workload')
    const rules = [{ verbs: ['read'], resources: plain, namespaces: ['*'] }]
    mesh.apply({ type: 'create-role', role: { name: 'looker', about: '', rules } })
    const caller = mesh.caller('looker', null, 'login')
    mesh.apply({ type: 'bind-role', user: 'looker-everywhere', binding: { role: 'viewer', namespace: 'team-a' } })
    const off = new AbortController()
    const asker = { caller, signal: off.signal }
    const service = new OperationService(mesh.context(ada))
    const seen: unknown[] = []
    const look = async (): Promise<void> => {
      if (operation.kind === 'unary') seen.push(await service.invoke(operation.name, row.input('a'), asker))
      else for await (const item of service.open(operation.name, row.input('a'), asker)) seen.push(item)
    }
    const looking = look().catch((error: unknown) => (isClawError(error) ? error.code : error))
    await mesh.world.runFor(11_000)
    off.abort()
    await play(mesh.world, looking)
    expect(JSON.stringify(seen)).not.toMatch(/job-b|wl-b|wl-gpu|web-b|kept-b|secret of b/)
  })

  test.each(['events.watch', 'events.query', 'node.events'])(
    '%s tells a viewer nothing of who may come in, and an auditor does hear of it',
    async (name) => {
      const mesh = await accessMesh()
      const [viewer, auditor] = [mesh.caller('viewer', null, 'key'), mesh.caller('auditor', null, 'login')]
      mesh.apply({ type: 'add-operator', key: nodeId('12D3KooWAlice'), name: 'alice' })
      const service = new OperationService(mesh.context(ada))
      const input = name === 'node.events' ? { node: 'ada' } : {}
      const ask = async (caller: Caller): Promise<string> =>
        JSON.stringify(
          name === 'events.watch'
            ? await Array.fromAsync(service.open(name, input, { caller, signal }))
            : await service.invoke(name, input, { caller, signal }),
        )
      const confidential = /"(user|apikey|role|token|operator|audit)\./
      expect(await ask(viewer)).not.toMatch(confidential)
      if (name !== 'node.events') expect(await ask(auditor)).toMatch(confidential)
      expect(await ask(viewer)).toContain('workload.')
    },
  )

  test.each(['events.watch', 'events.query'])(
    '%s tells of what becomes of the jobs, secrets and other things of a namespace who may look at them there, and nobody else',
    async (name) => {
      const mesh = await accessMesh()
      for (const namespace of ['team-a', 'team-b'])
        mesh.apply({ type: 'create-config', namespace, name: 'app', data: {}, immutable: false })
      const service = new OperationService(mesh.context(ada))
      const typesFor = async (role: string, namespace: string | null) => {
        const caller = mesh.caller(role, namespace, 'login')
        const answer =
          name === 'events.watch'
            ? await Array.fromAsync(service.open(name, {}, { caller, signal }))
            : ((await service.invoke(name, {}, { caller, signal })) as { readonly events: readonly unknown[] }).events
        const told = answer as readonly { readonly type: string; readonly namespace: string | null }[]
        return told.filter((event) => event.namespace !== null && event.namespace !== 'default')
      }
      const kinds = ['job', 'cron', 'workflow', 'secret', 'config', 'volume', 'deployment']
      for (const team of ['team-a', 'team-b']) {
        const told = await typesFor('viewer', team)
        expect(new Set(told.map(({ namespace }) => namespace))).toEqual(new Set([team]))
        expect(new Set(told.map(({ type }) => type.split('.')[0]))).toEqual(new Set(kinds))
      }
      const rules = [{ verbs: ['read'], resources: ['workload', 'event'], namespaces: ['*'] }]
      mesh.apply({ type: 'create-role', role: { name: 'runner', about: '', rules } })
      const onlyWork = await typesFor('runner', 'team-a')
      expect(new Set(onlyWork.map(({ type }) => type.split('.')[0]))).toEqual(new Set(['deployment']))
      const all = await typesFor('viewer', null)
      expect(new Set(all.map(({ namespace }) => namespace))).toEqual(new Set(['team-a', 'team-b']))
      const backups = (await typesFor('admin', 'team-a')).filter(({ type }) => type.startsWith('backup.'))
      expect(backups.length).toBeGreaterThan(0)
    },
  )

  test('a key for events alone tells of no other namespace than its own', async () => {
    const mesh = await accessMesh()
    const rules = [
      { verbs: ['read'], resources: ['workload'], namespaces: ['*'] },
      { verbs: ['read'], resources: ['event'], namespaces: ['team-a'] },
    ]
    mesh.apply({ type: 'create-role', role: { name: 'listener', about: '', rules } })
    const caller = mesh.caller('listener', null, 'login')
    const service = new OperationService(mesh.context(ada))
    const told = JSON.stringify(await Array.fromAsync(service.open('events.watch', {}, { caller, signal })))
    expect(told).toContain('wl-a')
    expect(told).not.toContain('wl-b')
  })

  test('what one may not see is refused as what there is not', async () => {
    const mesh = await accessMesh()
    const service = new OperationService(mesh.context(ada))
    const caller = mesh.caller('viewer', 'team-a', 'login')
    const ask = (workload: string) =>
      service
        .invoke('workload.stop', { workload }, { caller: mesh.caller('operator', 'team-a', 'login'), signal })
        .catch((error: unknown) => error)
    const [hidden, absent] = (await Promise.all([ask('job-b'), ask('jobbb')])) as [ClawError, ClawError]
    expect([hidden.code, absent.code]).toEqual(['WORKLOAD_NOT_FOUND', 'WORKLOAD_NOT_FOUND'])
    expect(hidden.message.replaceAll('job-b', 'jobbb')).toBe(absent.message.replaceAll('job-b', 'jobbb'))
    const seen = (await service.invoke('workload.list', {}, { caller, signal })) as readonly { name: string }[]
    expect(seen.map(({ name }) => name)).toEqual(['job-a'])
  })
})

test('the socket of the host, and whoever it was always, may do everything', async () => {
  const mesh = await accessMesh()
  for (const [, operation, row] of cases)
    for (const identity of [{ kind: 'socket' }, { kind: 'token' }] as const) {
      const got = await outcome(mesh, operation, row.input('b'), callerOf(identity))
      const isLocal = row.scope === 'nobody' && identity.kind === 'token'
      expect(got, operation.name).toBe(isLocal ? 'PERMISSION_DENIED' : 'entered')
    }
})

test('the socket for readers is a viewer', async () => {
  const mesh = await accessMesh()
  for (const [name, operation, row] of cases) {
    const got = await outcome(mesh, operation, row.input('b'), callerOf({ kind: 'reader' }))
    expect(isAllowed(row, 'v', null, 'b') ? got === 'entered' : refusals.test(got), `${name}: ${got}`).toBe(true)
  }
})
