import { describe, expect, test } from 'vitest'
import { explain } from '../../../src/specs/explain.ts'
import { jsonSchema } from '../../../src/specs/schemas.ts'
import { parsed, problemsOf } from '../../support/specs.ts'

const manifest = (spec: string, kind = 'Deployment') =>
  `apiVersion: clawbernetes/v1\nkind: ${kind}\nmetadata: { name: web }\nspec:\n  image: nginx:1\n  service: 80\n${spec}`

const yaml = manifest(`  ingress:
    - { host: app.example.org, acme: true }
    - { name: docs, host: app.example.org, path: /docs, strip: true, nodes: { nodeZone: edge } }
`)

const toml = `[workload]
name = "web"
image = "nginx:1"
service = 80

[[workload.ingress]]
host = "app.example.org"
acme = true

[[workload.ingress]]
name = "docs"
host = "app.example.org"
path = "/docs"
strip = true
nodes = { nodeZone = "edge" }
`

const ingress = [
  { host: 'app.example.org', acme: true },
  { name: 'docs', host: 'app.example.org', path: '/docs', strip: true, nodes: { nodeZone: 'edge' } },
]
const request = { name: 'web', image: 'nginx:1', service: 80 }

describe('given how a deployment is reached from outside, its document has it', () => {
  test.each([
    ['a Deployment of clawbernetes/v1', yaml, 'yaml'],
    ['workload.toml', toml, 'toml'],
    ['the request itself as JSON', JSON.stringify({ ...request, ingress }), 'json'],
  ] as const)('%s', (_, text, format) => {
    const [document] = parsed(text, { format }).documents
    expect(document).toMatchObject({ kind: 'deployment', request, ingresses: ingress })
    expect(document?.request).not.toHaveProperty('ingress')
    expect(parsed(text, { format, as: 'deployment' }).documents).toEqual([document])
  })

  test('a table of workload.toml with a service keeps what else it says', () => {
    const text = `${toml}\n[workload.resources]\ngpus = 2\n[workload.health]\ncheck_interval_secs = 5\n[workload.scaling]\nmin_replicas = 1\n`
    const [document] = parsed(text, { format: 'toml' }).documents
    expect(document?.request).toMatchObject({ ...request, gpus: 2, replicas: 1, health: { checkIntervalSecs: 5 } })
  })

  test('the schema for editors has it, and explain says what it is', () => {
    const schema = JSON.stringify([jsonSchema('deployment'), jsonSchema('workload-toml')])
    expect(schema.match(/Which requests from outside reach it/g)).toHaveLength(2)
    for (const path of ['deployment.ingress.host', 'workload.ingress.host'])
      expect(explain(path)).toMatchObject({ required: true, type: 'text' })
    expect(explain('deployment.ingress.path')).toMatchObject({ required: false })
  })
})

describe('given a mistake, the nearest valid name and the place are told', () => {
  test.each([
    ['- { host: x.org, pth: /a }', '8:22: there is no pth in spec.ingress[0]; did you mean path?'],
    ['- { host: X.org }', /^8:9: spec\.ingress\[0\]\.host: “X\.org”: must be a host name in small letters/],
    ['- { path: /a }', '8:7: spec.ingress[0].host: it is missing'],
    ['- { host: x.org, path: a }', /^8:22: spec\.ingress\[0\]\.path: “a”: must begin with \//],
    ['- { host: x.org, tls: true }', /^8:22: spec\.ingress\[0\]\.tls is called acme here/],
    ['- { host: x.org, deployment: api }', /^8:22: spec\.ingress\[0\]\.deployment is not said/],
    ['- { host: "*.x.org", acme: true }', '7:3: a certificate for a wildcard cannot be ordered over HTTP'],
    ['- { host: x.org }\n    - { host: y.org }', '7:3: two ingresses would be called web: give each a name'],
    ['- { host: x.org }\n    - { host: x.org, name: b }', '7:3: two ingresses are for x.org/'],
  ])('%s', (section, wanted) => {
    const [problem = ''] = problemsOf(manifest(`  ingress:\n    ${section}\n`)) as readonly string[]
    const told = problem.replace('file.yaml:', '')
    if (typeof wanted === 'string') expect(told).toBe(wanted)
    else expect(told).toMatch(wanted)
  })

  test('without a port at which it takes requests, it cannot be reached', () => {
    const text = yaml.replace('  service: 80\n', '')
    expect(problemsOf(text)).toEqual([
      'file.yaml:6:3: ingress needs service, the port at which the deployment takes requests',
    ])
  })

  test('what ends cannot be reached', () => {
    expect(problemsOf(manifest('  ingress: []\n', 'Workload'))).toEqual([
      'file.yaml:6:3: spec.service is for what runs all the time: say kind: Deployment',
      'file.yaml:7:3: spec.ingress is for what runs all the time: say kind: Deployment',
    ])
  })

  test('in workload.toml as well', () => {
    expect(problemsOf(toml.replace('path =', 'pth ='), { format: 'toml' })).toEqual([
      'file.toml:13:1: there is no pth in workload.ingress[1]; did you mean path?',
    ])
    expect(problemsOf(toml.replace('service = 80\n', ''), { format: 'toml' })).toEqual([
      expect.stringContaining('ingress needs service'),
    ])
  })

  test('a deployment whose name no ingress can have needs another for it', () => {
    expect(problemsOf(yaml.replace('name: web', 'name: Web_1'))).toEqual([
      'file.yaml:7:3: Web_1 cannot be the name of an ingress: say another as its name, of a-z 0-9 -',
    ])
  })
})
