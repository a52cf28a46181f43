/** Attaching to a container's own process, with a real engine: the one at CLAW_LAB_DOCKER. */
import type Dockerode from 'dockerode'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { attachTo } from '../../src/adapters/docker/attach.ts'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { HeldInputs } from '../../src/adapters/docker/held-inputs.ts'
import type { Attachment, ExecOutput } from '../../src/ports/exec.ts'
import { silent } from '../../src/ports/log.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'
import { answerKeys, detachKeysTyped } from '../support/answer-keys.ts'

const label = `claw.test=attach-${process.pid}`

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const docker = connectEngine(labDocker ?? '')
  const inputs = new HeldInputs()
  afterEach(() => removeContainers(labDocker ?? '', label))

  async function started(script: string, options: Partial<Dockerode.ContainerCreateOptions>): Promise<string> {
    const [key = '', value = ''] = label.split('=')
    const HostConfig = { NetworkMode: 'none', Init: true }
    const Labels = { [key]: value }
    const what = { Image: labImage, Cmd: ['sh', '-c', script], Labels, HostConfig, ...options }
    const container = await docker.createContainer(what)
    await container.start()
    return container.id
  }

  const attach = (container: string, signal = new AbortController().signal, replay = true): Promise<Attachment> =>
    attachTo({ docker, log: silent, inputs }, { container, name: 'work' }, { stdin: true, replay }, signal)

  test('given a terminal, every key reaches it, those too by which the engine would let go', async () => {
    const id = await started('stty -ixon; echo here; read line; exit 5', { Tty: true, OpenStdin: true })
    const attachment = await attach(id)
    const answered = await answerKeys(attachment, detachKeysTyped)
    expect({ answered, exitCode: await attachment.exitCode() }).toEqual({ answered: 3, exitCode: 5 })
  })

  test('given one who attaches and does not read, the work goes on, and the loss is told of', async () => {
    // The engine itself, pipes and sockets hold some of it.
    const id = await started('read -r line; head -c 20000000 /dev/zero; exit 6', { OpenStdin: true })
    const attachment = await attach(id)
    await attachment.write(Buffer.from('go\n'))
    const container = docker.getContainer(id)
    await vi.waitFor(async () => expect((await container.inspect()).State).toMatchObject({ Status: 'exited' }), {
      timeout: 20_000,
      interval: 100,
    })
    const read = { stdout: 0, stderr: '' }
    for await (const { stream, data } of attachment.output) {
      if (stream === 'stdout') read.stdout += data.length
      else read.stderr += Buffer.from(data).toString()
    }
    const lost = Number(/\[(\d+) bytes were not shown/.exec(read.stderr)?.[1])
    expect(read.stdout + lost).toBe(20_000_000)
    expect(await attachment.exitCode()).toBe(6)
  })

  test('given an input that ends with somebody’s, letting go does not end it, and its own end does', async () => {
    const id = await started('cat; exit 4', { OpenStdin: true, StdinOnce: true })
    const firstOff = new AbortController()
    const first = await attach(id, firstOff.signal)
    const firstWord = wordFrom(first)
    await first.write(Buffer.from('one\n'))
    expect(await firstWord).toBe('one\n')
    const secondOff = new AbortController()
    const second = await attach(id, secondOff.signal, false)
    const secondWord = wordFrom(second)
    await second.write(Buffer.from('two\n'))
    expect(await secondWord).toBe('two\n')
    secondOff.abort(new Error('let go'))
    firstOff.abort(new Error('let go'))

    const third = await attach(id, new AbortController().signal, false)
    await third.write(Buffer.from('three\n'))
    third.endInput()
    let text = ''
    for await (const { data } of third.output) text += Buffer.from(data).toString()
    expect({ text, exitCode: await third.exitCode() }).toEqual({ text: 'three\n', exitCode: 4 })
    await vi.waitFor(() => expect(inputs.size).toBe(0), 5_000)
  })

  test('given the end of a container, its input is not kept open', async () => {
    const id = await started('read -r line; exit 4', { OpenStdin: true, StdinOnce: true })
    const attachment = await attach(id)
    await attachment.write(Buffer.from('go\n'))
    expect(await wordFrom(attachment)).toBe('')
    expect(await attachment.exitCode()).toBe(4)
    await vi.waitFor(() => expect(inputs.size).toBe(0), 5_000)
  })
})

async function wordFrom({ output }: Attachment): Promise<string> {
  const { value } = (await output[Symbol.asyncIterator]().next()) as IteratorResult<ExecOutput, undefined>
  return value === undefined ? '' : Buffer.from(value.data).toString()
}
