import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { meshId } from '../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../src/model/workload.ts'
import { environmentIn } from '../../../src/operations/workload/exec-request.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
let service: OperationService
const never = new AbortController().signal

beforeEach(async () => {
  mesh = new OperationsMesh()
  service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
  mesh.apply(submit('wl-a', {}, 'job'))
})

async function running(): Promise<void> {
  const workload = mesh.idOf('job')
  const placement = mesh.running(workload, bob)
  const spec = WorkloadSpec.parse({ image: 'x', command: ['sleep', '1000'], env: { GREETING: 'hello' } })
  const ids = { placement, workload, attempt: 1, term: 1, mesh: meshId('mesh-1'), node: bob, name: 'job' }
  await mesh.executor.start({ ...ids, spec, env: {}, devices: [] }, never)
}

const exec = async (input: Partial<InputOf<'container.exec'>>, role: 'viewer' | 'operator' = 'operator') => {
  const asker = { caller: userWith(mesh, role), signal: never }
  const work = service.invoke('container.exec', { name: 'job', command: ['true'], ...input }, asker)
  return (await play(mesh.world, work)) as OutputOf<'container.exec'>
}

describe('one command in a container', () => {
  test('runs on the node that has it, whichever peer is asked, and answers with everything', async () => {
    await running()
    const command = ['sh', '-c', 'echo $GREETING; echo $NAME; echo oh >&2; exit 3']
    const answer = await exec({ command, env: ['NAME=you'] })
    expect(answer).toMatchObject({
      exitCode: 3,
      stdout: 'hello\nyou\n',
      stderr: 'oh\n',
      success: false,
      truncated: false,
    })
    expect(answer.workloadId).toBe(mesh.idOf('job'))
    expect((await exec({ command: ['true'] })).success).toBe(true)
  })

  test('says when it printed more than an answer holds', async () => {
    await running()
    const { stdout, truncated } = await exec({ command: ['repeat', 'x', '300000'] })
    expect([stdout.length, truncated]).toEqual([262_144, true])
  })

  test('is killed when its time is up', async () => {
    await running()
    await expect(exec({ command: ['sleep', '50'], timeout: 2 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await expect(exec({ timeout: '1h' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('needs a workload that runs, and somebody who may', async () => {
    await expect(exec({})).rejects.toMatchObject({ code: 'WORKLOAD_NOT_RUNNING' })
    await expect(exec({ name: 'ghost' })).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
    await expect(exec({}, 'viewer')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

test('an environment as a list means the same as one as an object', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/)
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), (env) => {
      expect(environmentIn(Object.entries(env).map(([key, value]) => `${key}=${value}`))).toEqual({ ...env })
    }),
  )
})
