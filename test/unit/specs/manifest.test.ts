import { describe, expect, test } from 'vitest'
import { fileText, parsed, problemsOf, requestsOf, told } from '../../support/specs.ts'

const manifest = (spec: string, metadata = 'name: job'): string =>
  `apiVersion: clawbernetes/v1\nkind: Workload\nmetadata:\n  ${metadata}\nspec:\n  image: busybox:1\n${spec
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`

const requestOf = (spec: string, metadata?: string) => requestsOf(manifest(spec, metadata))[0]

describe('given a Workload of clawbernetes/v1, each of its fields becomes that of the request', () => {
  test.each([
    ['command: [python, train.py]', { command: ['python', 'train.py'] }],
    [
      'entrypoint: [tini, --]\nworkdir: /app\nuser: nobody',
      { entrypoint: ['tini', '--'], workdir: '/app', user: 'nobody' },
    ],
    ['command: python train.py', { command: 'python train.py' }],
    ['gpus: { count: 4, type: H100, memory: 40Gi }', { gpus: 4, gpuType: 'H100', gpuMemory: '40Gi' }],
    ['gpus: { count: 1, type: any }', { gpus: 1 }],
    ['gpus: 2', { gpus: 2 }],
    ['gpus: { count: 1, mig: 1g.10gb, minDriver: "550" }', { gpus: 1, gpuMig: '1g.10gb', minDriver: '550' }],
    ['resources: { cpu: 4, memory: 32Gi }', { cpu: 4, memory: '32Gi' }],
    ['resources: { cpu: 500m }', { cpu: 0.5 }],
    ['resources: { cpu: "2.5", shmSize: 2g, disk: 20g }', { cpu: 2.5, shmSize: '2g', disk: '20g' }],
    ['env: [{ name: A, value: "1" }, { name: B, value: x=y }]', { env: ['A=1', 'B=x=y'] }],
    ['env: [A=1]', { env: ['A=1'] }],
    [
      'env: [{ name: A, value: x }, { name: DB, valueFrom: { secretRef: { name: db, version: 2 } } }]',
      { env: ['A=x'], secrets: [{ env: 'DB', secret: 'db', version: 2 }] },
    ],
    [
      'secrets: [DB=db, { path: /run/secrets/db, secret: db }]\nconfigs: [app, { config: app, path: /etc/app }]',
      {
        secrets: ['DB=db', { path: '/run/secrets/db', secret: 'db' }],
        configs: ['app', { config: 'app', path: '/etc/app' }],
      },
    ],
    ['secretEnv: false\nenvPlain: [A_KEY]', { secretEnv: false, envPlain: ['A_KEY'] }],
    ['env: { PORT: 8080, RATE: 1.10, ON: true }', { env: { PORT: '8080', RATE: '1.10', ON: 'true' } }],
    ['volumes: [{ source: /data, mountPath: /in, readOnly: true }]', { volumes: ['/data:/in:ro'] }],
    ['volumes: [/data:/in]', { volumes: ['/data:/in'] }],
    ['volumes: [{ type: emptyDir, medium: Memory, sizeLimit: 8Gi, mountPath: /dev/shm }]', { shmSize: '8Gi' }],
    ['scheduling: { priority: high }', { priority: 'high' }],
    ['scheduling: { priority: 700 }', { priority: 700 }],
    ['scheduling: { nodeSelector: { zone: b } }', { nodeSelector: { zone: 'b' } }],
    [
      'scheduling: { tolerations: [{ key: team, operator: Equal, value: a, effect: NoSchedule }] }',
      { tolerations: [{ key: 'team', value: 'a', effect: 'NoSchedule' }] },
    ],
    ['scheduling: { tolerations: [{ key: team, operator: Exists }] }', { tolerations: [{ key: 'team' }] }],
    ['scheduling: { near: [{ app: db }], placement: spread }', { near: [{ app: 'db' }], strategy: 'spread' }],
    ['constraints: { timeout: 24h }', { timeout: '24h' }],
    [
      'constraints: { retries: 3, retryDelay: 30s }',
      { restart: { policy: 'on-failure', maxRetries: 3, backoff: '30s' } },
    ],
    ['constraints: { restartPolicy: Always }', { restart: { policy: 'always' } }],
    ['constraints: { restartPolicy: Never }', { restart: { policy: 'no' } }],
    ['constraints: { restartPolicy: OnFailure, retries: 5 }', { restart: { policy: 'on-failure', maxRetries: 5 } }],
    ['constraints: { retries: 0 }', {}],
    [
      'constraints: { checkpointing: { enabled: true, interval: 10m, path: /c, signal: USR1 } }',
      { checkpoint: { signal: 'USR1', interval: '10m', path: '/c' } },
    ],
    ['constraints: { checkpointing: { enabled: false, interval: 10m } }', {}],
    ['networking: { distributed: { enabled: true, worldSize: 4 } }', { replicas: 4, gang: true }],
    ['networking: { distributed: { enabled: false } }', {}],
    ['networking: { ports: [8080, "9000/tcp"] }', { ports: [8080, '9000/tcp'] }],
    [
      'ports: [8080]\nhealth: { readiness: { http: { path: /ok } } }',
      { ports: [8080], health: { readiness: { http: { path: '/ok' } } } },
    ],
    ['networking: { mode: host }', { network: 'host' }],
    ['nodes: 4\ngang: true', { nodes: 4, gang: true }],
    ['array: 100%8', { array: '100%8' }],
    ['onPartition: replace', { onPartition: 'replace' }],
  ])('%s', (spec, wanted) => {
    expect(requestOf(spec)).toEqual({ name: 'job', image: 'busybox:1', ...wanted })
  })

  test('name, namespace, labels and annotations are its metadata', () => {
    const metadata = 'namespace: team-a\n  labels: { app: db, tier: 1 }\n  annotations: { ticket: 42 }'
    expect(requestOf('gpus: 0', metadata)).toEqual({
      annotations: { ticket: '42' },
      image: 'busybox:1',
      namespace: 'team-a',
      labels: { app: 'db', tier: '1' },
      gpus: 0,
    })
  })
})

describe('given what there is not, it is refused with what to do instead, and where', () => {
  test.each([
    ['hooks: { preStart: [sh] }', '7:3', /spec\.hooks is not there: run what comes before or after/],
    ['env: [{ name: A, valueFrom: { secretKeyRef: { name: s, key: k } } }]', '7:33', /is called secretRef here/],
    ['volumes: [{ source: s3://b/x, mountPath: /in }]', '7:15', /names a store outside of the mesh/],
    ['volumes: [{ type: emptyDir, mountPath: /tmp }]', '7:13', /can be an emptyDir only with medium: Memory/],
    ['networking: { distributed: { worldSize: 2, masterPort: 29500 } }', '7:46', /masterPort is not yours to choose/],
    ['constraints: { checkpointing: { enabled: true } }', '7:18', /needs a signal/],
    ['constraints: { retryDelay: 5s }', '7:18', /needs retries or restartPolicy/],
    ['constraints: { restartPolicy: Never, retries: 2 }', '7:40', /says that it is started again/],
    ['name: other', '7:3', /spec\.name belongs in metadata/],
  ])('%s', (spec, place, wanted) => {
    const problems = problemsOf(manifest(spec)) as readonly string[]
    expect(problems.find((problem) => wanted.test(problem))).toMatch(new RegExp(`^file\\.yaml:${place}: `))
  })
})

describe('given a mistake, the nearest valid name, what was expected, and the place are told', () => {
  test.each([
    ['imgae: x', 'file.yaml:7:3: there is no imgae in spec; did you mean image?'],
    ['gpus: { cuont: 2 }', 'file.yaml:7:11: there is no cuont in spec.gpus; did you mean count?'],
    ['gpus: { count: many, typo: 1 }', 'file.yaml:7:24: there is no typo in spec.gpus; did you mean type?'],
    [
      'gpus: [1]',
      'file.yaml:7:3: spec.gpus: must be a count, device=0,1, or a map with count, type, memory, not a list',
    ],
    ['command: 5', 'file.yaml:7:3: spec.command: must be words, or one string, not 5'],
    ['resources: { cpu: lots }', 'file.yaml:7:16: spec.resources.cpu: “lots”: must be cores, such as 2.5 or 500m'],
    ['resources: { memory: lots }', 'file.yaml:7:16: memory “lots” is no size: write 64Gi, 512m, or MiB as a number'],
    ['volumes: [data]', 'file.yaml:7:3: volume “data” is not host:container or host:container:ro'],
    [
      'gpus: 2\nscheduling: { priority: urgent }',
      /^file\.yaml:8:17: spec\.scheduling\.priority: must be low, normal, high/,
    ],
    ['memory: 1g\nresources: { memory: 2g }', 'file.yaml:8:16: spec.resources.memory says again what spec.memory says'],
    ['scheduling: { nodeSelector: [a] }', 'file.yaml:7:17: spec.scheduling.nodeSelector: must be a map, not a list'],
    ['timeout:', /^file\.yaml:7:3: spec\.timeout: must be a span such as 30m/],
  ])('%s', (spec, wanted) => {
    const [first] = problemsOf(manifest(spec)) as readonly string[]
    if (typeof wanted === 'string') expect(first).toBe(wanted)
    else expect(first).toMatch(wanted)
  })

  test('all problems of all documents are told, in the order of their lines', () => {
    const text = `${manifest('gpsu: 1\nhooks: {}')}---\n${manifest('memroy: 1')}`
    expect(problemsOf(text)).toEqual([
      'file.yaml:7:3: there is no gpsu in spec; did you mean gpus?',
      expect.stringMatching(/^file\.yaml:8:3: spec\.hooks is not there/),
      'file.yaml:16:3: there is no memroy in spec; did you mean memory?',
    ])
  })

  test.each([
    ['kind: Workload\nspec: { image: x }', 'file.yaml:1:1: apiVersion: it is missing'],
    [
      'apiVersion: clawbernetes/v1\nspec: { image: x }',
      'file.yaml:1:1: kind is missing: clawbernetes/v1 knows Workload, Deployment, Job, CronJob, Workflow',
    ],
    ['apiVersion: v1\nkind: Workload\nspec: { image: x }', /^file\.yaml:1:1: apiVersion: /],
    [
      'apiVersion: clawbernetes/v1\nkind: Worklaod\n',
      /^file\.yaml:2:1: there is no kind Worklaod; did you mean Workload\?/,
    ],
    ['- image: x', 'file.yaml:1:1: must be a map, see clawbernetes explain'],
    ['', 'file.yaml:1:1: it says nothing: see clawbernetes explain'],
    ['---\n---\n', 'file.yaml:1:1: it says nothing: see clawbernetes explain'],
  ])('%j', (text, wanted) => {
    const [first] = problemsOf(text) as readonly string[]
    if (typeof wanted === 'string') expect(first).toBe(wanted)
    else expect(first).toMatch(wanted)
  })
})

describe('given a Deployment', () => {
  const deployment = (spec: string) =>
    `apiVersion: clawbernetes/v1\nkind: Deployment\nmetadata: { name: web, labels: { app: web } }\nspec:\n  image: busybox:1\n  ${spec}\n`

  test('it has the fields of a workload, and its own', () => {
    const spec =
      'replicas: 3\n  strategy: canary:10\n  service: "80:8080"\n  gpus: { count: 1, type: H100 }\n  gates: { errorRate: 5% }\n  scheduling: { placement: pack }'
    expect(parsed(deployment(spec)).documents).toEqual([
      {
        kind: 'deployment',
        ingresses: [],
        request: {
          ...{ name: 'web', labels: { app: 'web' }, image: 'busybox:1', replicas: 3, strategy: 'canary:10' },
          ...{ service: '80:8080', gates: { errorRate: '5%' }, gpus: 1, gpuType: 'H100', placement: 'pack' },
        },
        at: { line: 1, column: 1 },
        needs: [],
      },
    ])
  })

  test.each([
    ['strategy: sometimes', 'file.yaml:6:3: strategy “sometimes” is none of immediate'],
    ['replcas: 2', 'file.yaml:6:3: there is no replcas in spec; did you mean replicas?'],
    ['gang: true', 'file.yaml:6:3: spec.gang is not there for deployments'],
  ])('%s is refused', (spec, wanted) => {
    expect(told(problemsOf(deployment(spec)))).toContain(wanted)
  })

  test('the workload.toml of the user guide is one, where deployments are asked for', () => {
    const { documents } = parsed(fileText('config/examples/workload.toml'), { format: 'toml', as: 'deployment' })
    expect(documents).toMatchObject([{ kind: 'deployment', request: { name: 'llm-inference', replicas: 1, gpus: 4 } }])
  })

  test('what has no name cannot be one', () => {
    expect(
      told(problemsOf('apiVersion: clawbernetes/v1\nkind: Workload\nspec: { image: x }', { as: 'deployment' })),
    ).toBe('file.yaml:1:1: a deployment needs a name')
  })
})

test('two of one name are refused', () => {
  expect(problemsOf(`${manifest('gpus: 1')}---\n${manifest('gpus: 2')}`)).toEqual([
    'file.yaml:9:1: job is the name of another one above',
  ])
})

test.each(['workload.yaml', 'compose.yaml'])('the example %s is valid', (name) => {
  expect(requestsOf(fileText(`config/examples/${name}`)).length).toBeGreaterThan(1)
})

test('the example workload.toml is that of the user guide', () => {
  const { documents, warnings } = parsed(fileText('config/examples/workload.toml'), { format: 'toml' })
  expect(documents.map(({ request }) => request)).toEqual([
    {
      name: 'llm-inference',
      image: 'vllm/vllm:latest',
      env: { MODEL: 'meta-llama/Llama-2-70b-chat-hf', TENSOR_PARALLEL_SIZE: '4' },
      health: { checkIntervalSecs: 30, startupTimeoutSecs: 300 },
      gpus: 4,
      gpuType: 'H100',
      memory: 80_000,
    },
  ])
  expect(warnings).toEqual([{ at: { line: 20, column: 11 }, text: 'there is no autoscaler yet' }])
})
