import { describe, expect, test } from 'vitest'
import { parsed, problemsOf, requestsOf, told } from '../../support/specs.ts'

const file = (service: string, rest = ''): string =>
  `services:\n  web:\n    image: busybox:1\n${service
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')}\n${rest}`

describe('given a Compose service, each of its fields becomes that of the request', () => {
  test.each([
    ['command: echo $$HOME', { command: 'echo $HOME' }],
    ['command: [echo, 1]', { command: ['echo', '1'] }],
    ['entrypoint: [sh, -c]\ncommand: ["echo hi"]', { entrypoint: ['sh', '-c'], command: ['echo hi'] }],
    ['working_dir: /app\nuser: "1000:1000"', { workdir: '/app', user: '1000:1000' }],
    ['annotations: { ticket: 42 }', { annotations: { ticket: '42' } }],
    ['command:', {}],
    [
      'secrets: [db, { source: db, target: pw }, { source: db, target: /etc/pw }]',
      {
        secrets: [
          { path: '/run/secrets/db', secret: 'db' },
          { path: '/run/secrets/pw', secret: 'db' },
          { path: '/etc/pw', secret: 'db' },
        ],
      },
    ],
    ['environment: { A: 1, B: true, C: x, D: 1.10 }', { env: { A: '1', B: 'true', C: 'x', D: '1.10' } }],
    ['environment: { HERE: , NOWHERE: }', { env: { HERE: 'yes' } }],
    ['environment: [A=1, HERE, NOWHERE]', { env: { A: '1', HERE: 'yes' } }],
    ['env_file: .env.web', { env: { X: '1', Y: 'a b', Z: 'yes' } }],
    [
      'env_file: [.env.web, { path: none, required: false }]\nenvironment: { X: 2 }',
      { env: { X: '2', Y: 'a b', Z: 'yes' } },
    ],
    [
      'volumes: [./conf:/conf:ro, /data:/data, cache:/cache]',
      { volumes: ['/here/conf:/conf:ro', '/data:/data', 'cache:/cache'] },
    ],
    ['volumes: [{ type: bind, source: ./x, target: /x, read_only: true }]', { volumes: ['/here/x:/x:ro'] }],
    ['volumes: [{ type: volume, source: cache, target: /x }]', { volumes: ['cache:/x'] }],
    ['deploy: { resources: { limits: { cpus: "1.5", memory: 512M } } }', { cpu: 1.5, memory: '512M' }],
    ['mem_limit: 1073741824\ncpus: 2', { memory: 1_024, cpu: 2 }],
    ['shm_size: 1gb', { shmSize: '1gb' }],
    ['read_only: true\ntmpfs: /tmp', { readOnly: true, tmpfs: ['/tmp'] }],
    ['tmpfs: ["/run:size=64m", "/x:size=1073741824"]', { tmpfs: ['/run:64m', '/x:1024'] }],
    [
      'deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 2, capabilities: [gpu] }] } } }',
      { gpus: 2 },
    ],
    [
      'deploy: { resources: { reservations: { devices: [{ device_ids: ["0", "3"], capabilities: [gpu] }] } } }',
      { gpus: 'device=0,3' },
    ],
    ['gpus: [{ count: 1 }]', { gpus: 1 }],
    ['restart: "no"', { restart: 'no' }],
    ['restart: unless-stopped', { restart: 'always' }],
    ['restart: on-failure:4', { restart: 'on-failure:4' }],
    [
      'deploy: { restart_policy: { condition: on-failure, delay: 5s, max_attempts: 3 } }',
      { restart: { policy: 'on-failure', maxRetries: 3, backoff: '5s' } },
    ],
    ['labels: [app=db]', { labels: { app: 'db' } }],
    ['labels: { app: db, tier: 1 }', { labels: { app: 'db', tier: '1' } }],
    ['container_name: other', { name: 'other' }],
    ['network_mode: host', { network: 'host' }],
    ['network_mode: none', { network: 'none' }],
    ['stop_grace_period: 1m30s', { stopGrace: '1m30s' }],
    ['expose: ["80", 9000]', { ports: [{ port: 80 }, { port: 9_000 }] }],
    [
      'healthcheck: { test: [CMD, curl, -f, "http://x"], interval: 10s, retries: 5 }',
      {
        health: {
          readiness: { exec: { command: ['curl', '-f', 'http://x'] }, every: '10s', timeout: '30s', failures: 5 },
        },
      },
    ],
    [
      'healthcheck: { test: curl x, start_period: 1m }',
      {
        health: {
          startup: { exec: { command: 'curl x' }, every: '5s', timeout: '30s', failures: 15 },
          readiness: { exec: { command: 'curl x' }, every: '30s', timeout: '30s', failures: 3 },
        },
      },
    ],
    ['healthcheck: { test: [NONE] }', {}],
    ['healthcheck: { disable: true }', {}],
    ['x-note: anything', {}],
    ['init: true', {}],
  ])('%s', (service, wanted) => {
    const given = {
      env: { HERE: 'yes' },
      files: { '.env.web': '# of web\nexport X=1\nY="a b"\nZ=${HERE}\nNOWHERE\n' },
    }
    expect(requestsOf(file(service, 'volumes:\n  cache:\n'), given)).toEqual([
      { name: 'web', image: 'busybox:1', ...wanted },
    ])
  })

  test('with a name for the whole, it stands before those of the services', () => {
    expect(requestsOf(file('cpus: 1', 'name: shop\n'))).toEqual([{ name: 'shop-web', image: 'busybox:1', cpu: 1 }])
  })
})

describe('given variables, they are put in as Compose does it', () => {
  test.each([
    ['${A}', 'a'],
    ['$A', 'a'],
    ['x${A}y$A', 'xaya'],
    ['$${A}', '${A}'],
    ['${NONE:-b}', 'b'],
    ['${EMPTY:-b}', 'b'],
    ['${EMPTY-b}', ''],
    ['${NONE-b}', 'b'],
    ['${A:+c}', 'c'],
    ['${NONE:+c}', ''],
    ['${NONE:-${A}}', 'a'],
    ['${NONE:-${ALSO:-d}}', 'd'],
  ])('%s is “%s”', (text, wanted) => {
    const [request] = requestsOf(file(`command: ['${text}']`), { env: { A: 'a', EMPTY: '' } })
    expect(request?.command).toEqual([wanted])
  })

  test('a number is one, unless it stands between quotes', () => {
    const [request] = requestsOf(file('cpus: ${N}\nmem_limit: "${N}g"\nenvironment: { N: "${N}" }'), {
      env: { N: '2' },
    })
    expect(request).toMatchObject({ cpu: 2, memory: '2g', env: { N: '2' } })
  })

  test('one that is not set counts as empty, and that is said', () => {
    const { warnings } = parsed(file('command: ["${NONE}"]'))
    expect(warnings).toEqual([
      { at: { line: 4, column: 15 }, text: 'the variable NONE is not set: it counts as empty' },
    ])
  })

  test.each([
    ['${NONE:?set it}', 'NONE is not set: set it'],
    ['${A', '${ is never closed in “${A”'],
    ['${1A}', '“${1A}” names no variable'],
    ['100$', 'write $$ for a dollar sign in “$”'],
  ])('%s is refused', (text, wanted) => {
    expect(problemsOf(file(`command: ['${text}']`))).toEqual([`file.yaml:4:15: ${wanted}`])
  })

  test('a few short variables do not make a text without end', () => {
    const env = { A: 'x'.repeat(60_000) }
    expect(told(problemsOf(file('command: ["$A$A"]'), { env }))).toMatch(/longer than 65536 characters/)
  })
})

describe('given what is not honoured, it is refused by name and line', () => {
  test.each([
    ['build: .', '4:5: services.web.build is not there: build the image'],
    ['networks: [a]', '4:5: services.web.networks is not there'],
    ['privileged: true', '4:5: services.web.privileged is not taken from a Compose file'],
    ['cap_add: [SYS_ADMIN]', '4:5: services.web.cap_add is not taken from a Compose file'],
    ['init: false', '4:5: services.web.init is always true'],
    ['configs: [s]', '4:5: services.web.configs is not there'],
    ['secrets: [{ source: s, mode: 0400 }]', '4:28: there is no mode in services.web.secrets[0]'],
    ['deploy: { placement: {} }', '4:15: services.web.deploy.placement is not there'],
    [
      'deploy:\n  resources:\n    reservations: { memory: 1g }',
      '6:25: services.web.deploy.resources.reservations.memory is not there',
    ],
    ['gpus: all', '4:5: services.web.gpus is all: say how many'],
    [
      'deploy: { resources: { reservations: { devices: [{ count: all, capabilities: [gpu] }] } } }',
      '4:56: services.web.deploy.resources.reservations.devices[0].count must say how many GPUs',
    ],
    ['volumes: [/data]', '4:15: services.web.volumes[0] names no volume'],
    ['volumes: [nvme:/data]', '4:15: services.web.volumes[0] names the volume nvme, which is not among the volumes'],
    ['volumes: ["/a:/b:z"]', '4:15: services.web.volumes[0] ends with z'],
    ['ports: ["53:53/udp"]', '4:13: services.web.ports[0] is udp'],
    ['ports: ["127.0.0.1:80:80"]', '4:13: services.web.ports[0] names the address 127.0.0.1'],
    ['ports: ["8000-8010:80"]', '4:13: services.web.ports[0] names a range'],
    ['ports: ["80:80", "81:81"]', '4:22: services.web.ports[1] publishes a second port'],
    ['depends_on: [db]', '4:18: services.web.depends_on[0] names no service: db'],
    ['env_file: none.env', '4:5: there is no file none.env'],
    ['enviroment: {}', '4:5: there is no enviroment in services.web; did you mean environment?'],
    ['restart: sometimes', '4:5: restart “sometimes” is none of no, on-failure'],
    [
      'cpus: 1\ndeploy: { resources: { limits: { cpus: "2" } } }',
      '5:38: services.web.deploy.resources.limits.cpus says again what services.web.cpus says',
    ],
  ])('%s', (service, wanted) => {
    expect(told(problemsOf(file(service)))).toContain(`file.yaml:${wanted}`)
  })

  test.each([
    ['networks: {}', '5:1: networks is not there'],
    ['volumes: { data: { driver: nfs } }', '5:20: volumes.data.driver is not there'],
    ['servces: {}', '5:1: there is no servces; did you mean services?'],
  ])('%s', (rest, wanted) => {
    expect(told(problemsOf(file('cpus: 1', rest)))).toContain(`file.yaml:${wanted}`)
  })
})

describe('given what depends on what', () => {
  const chain = (conditions: string) =>
    `services:\n  web: { image: x, depends_on: ${conditions} }\n  db: { image: y }\n  init: { image: z }\n`

  test('it comes after what it needs, and says so', () => {
    const { documents } = parsed(chain('{ db: {}, init: { condition: service_completed_successfully } }'))
    expect(
      documents.map(({ request, needs }) => [request.name, needs.map(({ on, condition }) => [on, condition])]),
    ).toEqual([
      ['db', []],
      ['init', []],
      [
        'web',
        [
          ['db', 'started'],
          ['init', 'completed'],
        ],
      ],
    ])
  })

  test('what is to be healthy needs a check', () => {
    expect(problemsOf(chain('{ db: { condition: service_healthy } }'))).toEqual([
      'file.yaml:2:34: services.web.depends_on.db waits until db is healthy, which has no healthcheck',
    ])
  })

  test('a service with replicas or a published port is a deployment, and its restart policy has nothing to say', () => {
    const { documents, warnings } = parsed(file('ports: ["8080:80"]\nrestart: always\ndeploy: { replicas: 3 }'))
    expect(documents).toMatchObject([
      {
        kind: 'deployment',
        request: { name: 'web', replicas: 3, service: { port: 8_080, targetPort: 80 }, ports: [{ port: 80 }] },
      },
    ])
    expect(documents[0]?.request).not.toHaveProperty('restart')
    expect(warnings.map(({ text }) => text)).toEqual([
      'every peer serves port 8080 as HTTP; for anything else use clawbernetes port-forward',
    ])
  })

  test('what waits for itself is refused', () => {
    expect(problemsOf('services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n')).toEqual([
      'file.yaml:2:31: they wait for each other: a → b → a',
    ])
  })
})

test('given anchors and merges, services share what they have in common', () => {
  const text =
    'x-base: &base\n  image: busybox:1\n  environment: { A: "1" }\nservices:\n  one: { <<: *base, command: a }\n  two:\n    <<: *base\n    image: other\n'
  expect(requestsOf(text)).toEqual([
    { name: 'one', image: 'busybox:1', command: 'a', env: { A: '1' } },
    { name: 'two', image: 'other', env: { A: '1' } },
  ])
})
