import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { type Answers, cli } from '../../../support/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'deploy-ingress-'))
const document = (name: string, host: string, namespace = 'team-a'): string =>
  `name: ${name}\nnamespace: ${namespace}\nimage: app:2\nservice: 80\ningress: [{ host: ${host} }]\n`

function fileWith(text: string): string {
  const file = join(folder, 'web.yaml')
  writeFileSync(file, text)
  return file
}

interface Asked {
  readonly deployment: string
  readonly namespace: string
  readonly ingresses: readonly { readonly host: string }[]
}

const route = (host: string) => ({ host, path: '/', strip: false, nodes: {}, acme: false })
const there = (host: string, keptBy: string | null = 'web', deployment = 'web') => ({
  ...route(host),
  deployment,
  keptBy,
})
const change = { field: 'host', before: 'x.org', after: 'y.org' }

const one = {
  new: (name: string, host: string) => ({ name, what: 'new', before: null, after: route(host) }),
  changed: { name: 'web', what: 'changed', before: there('x.org'), after: route('y.org') },
  same: { name: 'web', what: 'same', before: there('x.org'), after: route('x.org') },
  removed: { name: 'old', what: 'removed', before: there('old.org'), after: null },
  stays: { name: 'hand', what: 'stays', before: there('hand.org', null), after: null },
}

const planOf = (ingresses: readonly object[], denied: readonly string[] = []) => ({
  ...{ namespace: 'team-a', deployment: 'web', denied },
  ingresses: ingresses.map((each) => ({ changes: 'what' in each && each.what === 'changed' ? [change] : [], ...each })),
})

const view = (input: unknown) => ({
  ...{ deploymentId: 'dep-1', name: (input as { name?: string }).name ?? 'web', state: 'active' },
  ...{ reason: null, revision: 1, rollout: null, replicas: 1, healthyReplicas: 1 },
})

const answers = (diff: Answers[string], changes: readonly object[] = []): Answers => ({
  'deploy.diff': () => ({ name: 'web', exists: changes.length === 0, isNewRevision: false, revision: 1, changes }),
  'ingress.diff': diff,
  'deploy.create': view,
  'deploy.status': view,
  'ingress.create': (input) => input,
  'ingress.update': (input) => input,
  'ingress.delete': () => ({ deleted: true }),
})

const fresh = [{ field: 'spec.image', before: null, after: 'app:2' }]
const deploy = (text: string, given: Answers, ...more: readonly string[]) =>
  cli(['deploy', '--spec', fileWith(text), '-d', ...more], given)

const asNew: Answers[string] = (input) => {
  const { deployment, namespace, ingresses } = input as Asked
  return { ...planOf(ingresses.map(({ host }) => one.new(deployment, host))), namespace, deployment }
}

describe('given a file that says how a deployment is reached', () => {
  test('the deployment is made first, then who may reach it, as of its file', async () => {
    const { asked, code, err } = await deploy(document('web', 'x.org'), answers(asNew, fresh))
    expect(code, err).toBe(0)
    expect(asked.map(({ name }) => name)).toEqual(['deploy.diff', 'ingress.diff', 'deploy.create', 'ingress.create'])
    expect(asked.at(-1)?.input).toEqual({
      ...{ name: 'web', namespace: 'team-a', deployment: 'web', ofFile: true },
      ...route('x.org'),
    })
    expect(err).toContain('requests for x.org/ go to web')
  })

  test('only what differs is changed, after asking; what goes is told, and so is what stays', async () => {
    const given = answers(() => planOf([one.changed, one.removed, one.stays]))
    const refused = await deploy(document('web', 'y.org'), given)
    expect([refused.code, refused.asked.length]).toEqual([5, 2])
    const { asked, code, err } = await deploy(document('web', 'y.org'), given, '--yes')
    expect(code, err).toBe(0)
    expect(asked.map(({ name }) => name).slice(2)).toEqual(['deploy.status', 'ingress.update', 'ingress.delete'])
    expect(asked.at(-2)?.input).toEqual({
      ...{ name: 'web', namespace: 'team-a', deployment: 'web', expected: there('x.org') },
      ...route('y.org'),
    })
    expect(asked.at(-1)?.input).toEqual({ namespace: 'team-a', name: 'old', expected: there('old.org') })
  })

  test('--dry-run and diff say all of it', async () => {
    const given = answers(() => planOf([one.changed, one.removed, one.stays], ['remove']))
    const { out, code, asked } = await deploy(document('web', 'y.org'), given, '--dry-run')
    expect([code, asked.length]).toEqual([0, 2])
    expect(out.trim().split('\n')).toEqual([
      'deployment web stays as it is',
      'ingress web changes',
      '  ~ host: "x.org" → "y.org"',
      'ingress old for old.org/ is taken away: the file does not name it any more',
      'ingress hand for hand.org/ stays: no file of web has made it',
      '  refused: you may not remove an ingress there',
    ])
    const diff = await cli(['diff', '--spec', fileWith(document('web', 'y.org'))], given)
    expect(diff).toMatchObject({ code: 10, out })
  })

  test('the same again changes nothing', async () => {
    const given = answers(() => planOf([one.same, one.stays]))
    const { asked, code } = await deploy(document('web', 'x.org'), given)
    expect([code, asked.map(({ name }) => name)]).toEqual([0, ['deploy.diff', 'ingress.diff']])
    expect((await cli(['diff', '--spec', fileWith(document('web', 'x.org'))], given)).code).toBe(0)
  })

  test('what stays is told with why', async () => {
    const left = (before: object) => planOf([{ name: 'old', what: 'stays', before, after: null }])
    const why = async (before: object): Promise<string | undefined> => {
      const given = answers(() => left(before))
      return (await deploy(document('web', 'x.org'), given, '--dry-run')).out.trim().split('\n').at(-1)
    }
    const said = 'ingress old for x.org/ stays'
    expect(await why(there('x.org', 'web', 'api'))).toBe(`${said}: it leads to api now`)
    expect(await why(there('x.org', null))).toBe(`${said}: no file of web has made it`)
    expect(await why(there('x.org', 'api'))).toBe(`${said}: the file of api has made it`)
  })

  test('run --file makes it as well, and takes nothing away', async () => {
    const left = { ...one.removed, what: 'stays' }
    const given = answers((input) => {
      expect(input).toMatchObject({ removes: false })
      return planOf([one.new('web', 'x.org'), left])
    })
    const text = fileWith(document('web', 'x.org'))
    const { out } = await cli(['run', '--dry-run', '--file', text], given)
    expect(out.trim().split('\n').at(-1)).toBe(
      'ingress old for old.org/ stays: deploy --spec takes away what the file does not name any more, and run does not',
    )
    const { asked, code, err } = await cli(['run', '-d', '--file', fileWith(document('web', 'x.org'))], given)
    expect(code, err).toBe(0)
    expect(asked.map(({ name }) => name)).toEqual(['ingress.diff', 'deploy.create', 'ingress.create'])
  })

  test('given that somebody has taken the route meanwhile, run --file says that the deployment is submitted', async () => {
    const taken = (): never => {
      throw new ClawError('ROUTE_TAKEN', { host: 'x.org', path: '/', ingress: 'team-a/theirs' })
    }
    const given = { ...answers(asNew), 'ingress.create': taken }
    const { err } = await cli(['run', '-d', '--file', fileWith(document('web', 'x.org'))], given)
    expect(err).toContain('error[ROUTE_TAKEN]')
    expect(err).toContain('web is submitted and not reached as the file says; what follows it is not submitted')
    expect(err).not.toContain('web is not submitted')
  })
})

describe('nothing is done', () => {
  const untouched = ['deploy.diff', 'ingress.diff']

  test('given a host of another namespace', async () => {
    const taken = (): never => {
      throw new ClawError('HOST_TAKEN', { host: 'x.org' })
    }
    const { asked, err } = await deploy(document('web', 'x.org'), answers(taken, fresh))
    expect(asked.map(({ name }) => name)).toEqual(untouched)
    expect(err).toContain('error[HOST_TAKEN]')
  })

  test('given somebody who may not make an ingress there', async () => {
    const given = answers(() => planOf([one.new('web', 'x.org')], ['create']), fresh)
    const { asked, err } = await deploy(document('web', 'x.org'), given)
    expect(asked.map(({ name }) => name)).toEqual(untouched)
    expect(err).toContain('error[PERMISSION_DENIED]')
  })

  test.each([
    ['the host of another document in another namespace', ['*.x.org', 'team-b'], 'HOST_TAKEN'],
    ['the host and path of another document', ['w.x.org', 'team-a'], 'ROUTE_TAKEN'],
  ] as const)('given %s', async (_, [host, namespace], code) => {
    const text = `${document('web', 'w.x.org')}---\n${document('api', `"${host}"`, namespace)}`
    const { asked, err } = await deploy(text, answers(asNew, fresh))
    expect(asked.map(({ name }) => name)).toEqual([...untouched, ...untouched])
    expect(err).toContain(`error[${code}]`)
    const looks = [['deploy', '--dry-run', '--spec'], ['diff'], ['run', '--dry-run', '--file']]
    for (const look of looks) {
      const looked = await cli([...look, fileWith(text)], answers(asNew, fresh))
      expect([look, looked.err]).toEqual([look, expect.stringContaining(`error[${code}]`)])
      expect(looked.out).toBe('')
    }
  })
})

describe('given a file that says nothing of it', () => {
  const plain = 'name: web\nimage: app:2\n'
  const refusing = (code: 'OPERATION_NOT_FOUND' | 'PERMISSION_DENIED') => (): never => {
    if (code === 'OPERATION_NOT_FOUND') throw new ClawError(code, { operation: 'ingress.diff' })
    throw new ClawError(code, { action: 'read an ingress', missing: 'it takes read' })
  }

  test.each(['OPERATION_NOT_FOUND', 'PERMISSION_DENIED'] as const)(
    'it is deployed where %s is said of ingresses, and one that names some is not',
    async (code) => {
      expect((await deploy(plain, answers(refusing(code), fresh))).code).toBe(0)
      const { err } = await deploy(document('web', 'x.org'), answers(refusing(code), fresh))
      expect(err).toContain(`error[${code}]`)
    },
  )

  test('what a file of it has made before is taken away', async () => {
    const { asked } = await deploy(
      plain,
      answers(() => planOf([one.removed])),
      '--yes',
    )
    expect(asked.map(({ name }) => name).at(-1)).toBe('ingress.delete')
  })
})
