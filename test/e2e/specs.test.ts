/** Files of work to run, on a real daemon: those of the user guide and of the fleet skill, and a Compose file. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Mesh, type WorkloadInfo } from '../support/mesh.ts'
import { fileText } from '../support/specs.ts'

let mesh: Mesh
beforeAll(async () => {
  mesh = await Mesh.start({ names: ['only'], gpus: '8xH100' })
})
afterAll(async () => {
  await mesh.stop()
})

function fileWith(name: string, text: string): string {
  const path = join(mesh.directory, name)
  writeFileSync(path, text)
  return path
}

test('given the workload.toml of the user guide, it runs with its variables and its GPUs', async () => {
  const file = fileWith('workload.toml', fileText('config/examples/workload.toml'))
  const { code, stdout, stderr } = await mesh
    .get(0)
    .cli(
      'run',
      '--file',
      file,
      '--memory',
      '64m',
      '--',
      'sh',
      '-c',
      'echo "$MODEL $TENSOR_PARALLEL_SIZE"; echo "$NVIDIA_VISIBLE_DEVICES"',
    )
  expect(code, stderr).toBe(0)
  const [variables, devices = ''] = stdout.split('\n')
  expect(variables).toBe('meta-llama/Llama-2-70b-chat-hf 4')
  expect(devices.split(',')).toHaveLength(4)
  expect(stderr).toContain('workload.toml:20:11: there is no autoscaler yet')
})

test('given the workload.yaml of the fleet skill, its options go over the file', async () => {
  const file = fileWith(
    'workload.yaml',
    `apiVersion: clawbernetes/v1
kind: Workload
metadata: { name: train, labels: { app: llama } }
spec:
  image: pytorch/pytorch:2.1-cuda12.1-runtime
  command: echo trained
  gpus: { count: 2, type: H100 }
  workdir: /usr
`,
  )
  const { code, stdout, stderr } = await mesh.get(0).cli('run', '--file', file, '--gpus', '8', '--name', 'scaled-run')
  expect([code, stdout], stderr).toEqual([0, 'trained\n'])
  const info = await mesh
    .get(0)
    .json<WorkloadInfo & { labels: object; workdir: string }>('workload', 'info', 'scaled-run')
  expect(info).toMatchObject({ name: 'scaled-run', labels: { app: 'llama' }, workdir: '/usr' })
  expect(info.devices).toHaveLength(8)
})

test('given a Compose file, what depends on others starts when they are so far', async () => {
  const mark = join(mesh.directory, 'mark')
  const file = fileWith(
    'compose.yaml',
    `name: shop
x-base: &base
  image: host
services:
  web:
    <<: *base
    command: [sh, -c, 'cat ${mark}']
    depends_on:
      init: { condition: service_completed_successfully }
      db: { condition: service_healthy }
  db:
    <<: *base
    command: [sh, -c, 'sleep 1; echo up >> ${mark}; exec sleep 120']
    healthcheck: { test: [CMD, grep, -q, up, '${mark}'], interval: 1s }
    depends_on:
      init: { condition: service_completed_successfully }
  init:
    <<: *base
    command: [sh, -c, "echo $\${NOTE} > ${mark}"]
    environment: { NOTE: "\${NOTE:-made}" }
`,
  )
  const daemon = mesh.get(0)
  const { code, stdout, stderr } = await daemon.cli('run', '-d', '--file', file)
  expect(code, stderr).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(3)
  expect(stderr).toContain('waiting until shop-db is ready')
  const logs = await daemon.cli('logs', '-f', 'shop-web')
  expect(logs.stdout).toBe('made\nup\n')
  expect((await daemon.cli('stop', 'shop-db', '--force')).code).toBe(0)
})

test('given a mistake in the second of two documents, nothing is submitted', async () => {
  const file = fileWith('two.yaml', 'image: x\nname: first\ncommand: "true"\n---\nimage: x\ngpsu: 1\n')
  const { code, stderr } = await mesh.get(0).cli('run', '-d', '--file', file)
  expect(code).toBe(5)
  expect(stderr).toContain('two.yaml:6:1: there is no gpsu; did you mean gpus?')
  expect((await mesh.get(0).cli('workload', 'info', 'first')).code).toBe(4)
})

test('given the workload.toml of the user guide, deploy --spec makes a deployment of it, changes it, and diff says what differs', async () => {
  const daemon = mesh.get(0)
  const source = fileText('config/examples/workload.toml').replace(
    'image = "vllm/vllm:latest"',
    'image = "vllm/vllm:latest"\ncommand = ["sh", "-c", "exec sleep 300"]\nmemory = "64m"',
  )
  const file = fileWith('deployed.toml', source.replace('memory_mib = 80000\n', ''))
  const made = await daemon.cli('deploy', '--spec', file)
  expect(made.code, made.stderr).toBe(0)
  expect(made.stdout).toMatch(/^llm-inference\s+revision 1\s+active/)
  expect(await daemon.cli('diff', '--spec', file)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('stays as it is'),
  })

  const changed = fileWith('changed.toml', source.replace('memory_mib = 80000\n', '').replace('sleep 300', 'sleep 400'))
  const diff = await daemon.cli('diff', '--spec', changed)
  expect(diff.code, diff.stderr).toBe(10)
  expect(diff.stdout).toMatch(/~ spec\.command: .*sleep 300.* → .*sleep 400/)
  const dry = await daemon.cli('deploy', '--spec', changed, '--dry-run')
  expect([dry.code, dry.stdout], dry.stderr).toEqual([0, diff.stdout])
  const refused = await daemon.cli('deploy', '--spec', changed)
  expect(refused.code).toBe(5)
  expect(refused.stderr).toContain('it takes --yes')
  const updated = await daemon.cli('deploy', '--spec', changed, '--yes')
  expect(updated.code, updated.stderr).toBe(0)
  expect(updated.stdout).toMatch(/revision 2\s+active/)
  expect((await daemon.cli('deploy', 'delete', 'llm-inference', '--yes')).code).toBe(0)
})
