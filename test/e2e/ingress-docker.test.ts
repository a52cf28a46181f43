/** Requests from outside for containers on a real engine, at their own peer and at another, while they are replaced and while one is killed. */
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { ask as call } from '../support/ask.ts'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage } from '../support/lab-docker.ts'
import { eventually, freePort } from '../support/mesh.ts'

const hosts = { one: '127.0.0.1', two: '127.0.0.2' } as const
const site = 'app.example.org'

/** Busybox's own server, which ends when it is told to; each version answers with its word. */
const serverOf = (word: string): readonly string[] => [
  ...['sh', '-c'],
  `mkdir -p /tmp/www && echo ${word} >/tmp/www/index.html && trap 'kill $!' TERM; httpd -f -p 127.0.0.1:$PORT -h /tmp/www & wait`,
]

describe.skipIf(!hasLab)('with a real engine', () => {
  let mesh: DockerMesh
  let port: number

  const get = (address: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: address, port, headers: { host: site }, agent: false }, (answer) => {
        text(answer).then((body) => resolve(`${answer.statusCode} ${body.trim()}`), reject)
      })
      asked.on('error', reject)
      asked.end()
    })

  const deploy = (word: string, operation: string, named: object): Promise<unknown> =>
    call(mesh.get(0).socket, operation, {
      ...{ image: labImage, command: serverOf(word), executor: 'docker', network: 'host', strategy: 'rolling' },
      ...named,
    })

  /** Asks at both peers all the time; what was answered, and what went wrong. */
  async function underLoad(act: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
    let isOver = false
    const answers = new Map<string, number>()
    const client = async (address: string): Promise<void> => {
      while (!isOver) {
        const answer = await get(address).catch(String)
        answers.set(answer, (answers.get(answer) ?? 0) + 1)
      }
    }
    const clients = Object.values(hosts).flatMap((address) => [client(address), client(address)])
    try {
      await act()
    } finally {
      isOver = true
      await Promise.all(clients)
    }
    return answers
  }

  beforeAll(async () => {
    mesh = new DockerMesh()
    port = await freePort()
    const configOf = (name: keyof typeof hosts): string => {
      const file = join(mesh.directory, `${name}.toml`)
      writeFileSync(file, `[service]\nbind = "${hosts[name]}"\n[ingress]\nlisten = "${hosts[name]}:${port}"\n`)
      return file
    }
    await mesh.addDocker('one', { CLAWNODE_CONFIG: configOf('one') })
    await mesh.add('two', { extra: ['--config', configOf('two')] })
    await deploy('first', 'deploy.create', { name: 'web', replicas: 2, service: await freePort(), ports: [8_080] })
    await call(mesh.get(0).socket, 'ingress.create', { name: 'site', host: site, deployment: 'web' })
    for (const address of Object.values(hosts))
      await eventually(
        `it is answered at ${address}`,
        30_000,
        () => get(address),
        (answer) => answer === '200 first',
      )
  }, 90_000)

  afterAll(() => mesh.stop())

  test('given containers under load, when they are replaced, then every request is answered', async () => {
    const answers = await underLoad(async () => {
      await deploy('second', 'deploy.update', { deployment: 'web' })
      await eventually(
        'only the second answers',
        60_000,
        () => Promise.all([1, 2, 3, 4, 5, 6].map(() => get(hosts.two))),
        (all) => all.every((answer) => answer === '200 second'),
      )
    })
    expect(new Set(answers.keys())).toEqual(new Set(['200 first', '200 second']))
  }, 90_000)

  test('given containers under load, when one is killed, then every request is answered, and there are two again', async () => {
    const engine = connectEngine(labDocker ?? '')
    const { id } = await call<{ id: string }>(mesh.get(0).socket, 'gateway.ping', {})
    const running = async (): Promise<readonly string[]> =>
      (await engine.listContainers({ filters: { label: [`claw.node=${id}`] } })).map(({ Id }) => Id)
    const before = await eventually('both run', 30_000, running, ({ length }) => length === 2)
    const answers = await underLoad(async () => {
      await engine.getContainer(before[0] ?? '').kill()
      await eventually(
        'another has taken its place',
        60_000,
        running,
        (now) => now.length === 2 && !now.includes(before[0] ?? ''),
      )
    })
    expect([...answers.keys()]).toEqual(['200 second'])
    expect(answers.get('200 second')).toBeGreaterThan(50)
  }, 90_000)
})
