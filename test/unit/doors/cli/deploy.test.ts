import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { cli, items } from '../../../support/run-cli.ts'

const file = join(mkdtempSync(join(tmpdir(), 'deploy-')), 'web.yaml')
writeFileSync(file, 'name: web\nimage: app:2\n')

const view = (parts: Record<string, unknown> = {}) => ({
  ...{ deploymentId: 'dep-1', name: 'web', state: 'active', reason: null, revision: 2, rollout: null },
  ...{ replicas: 3, healthyReplicas: 3 },
  ...parts,
})

describe('deploy --spec', () => {
  const change = { field: 'spec.image', before: 'app:1', after: 'app:2' }
  const deployed = (end: Record<string, unknown>) =>
    cli(['deploy', '--spec', file, '--yes'], {
      'deploy.diff': () => ({ name: 'web', exists: true, isNewRevision: true, revision: 1, changes: [change] }),
      'deploy.update': () => view({ state: 'deploying' }),
      'deploy.wait': () => items(view({ state: 'deploying' }), view(end)),
    })

  test('given a new revision that is reached, then it is well', async () => {
    expect(await deployed({})).toMatchObject({ code: 0, out: 'web  revision 2  active\n' })
  })

  test.each([
    ['was rolled back', { revision: 1, reason: 'rolled back from revision 2: it failed 3 times' }],
    ['failed', { state: 'failed', reason: 'it failed 3 times' }],
  ])('given a new revision that %s, then it says so and is not well', async (_, end) => {
    const { code, err } = await deployed(end)
    expect(code).not.toBe(0)
    expect(err).toContain('error[ROLLOUT_FAILED]')
    expect(err).toContain('it failed 3 times')
  })
})

describe('scale', () => {
  const scaled = (end: Record<string, unknown>) =>
    cli(['scale', 'web', '--replicas', '3'], {
      'deploy.scale': () => view({ healthyReplicas: 1 }),
      'deploy.wait': () => items(view(end)),
    })

  test('given as many as are wanted, then it is well; given fewer at the end, then it says why and is not', async () => {
    expect((await scaled({})).code).toBe(0)
    const { code, err } = await scaled({ state: 'degraded', healthyReplicas: 1, reason: 'the quota is used up' })
    expect(code).not.toBe(0)
    expect(err).toContain('the quota is used up')
  })
})

describe('deploy update', () => {
  const inputOf = async (...words: readonly string[]): Promise<unknown> => {
    const { asked } = await cli(['deploy', 'update', '-d', ...words], { 'deploy.update': () => view({}) })
    return asked[0]?.input
  }

  test('takes what stands behind -- for the command, whether an image is named before it or not', async () => {
    expect(await inputOf('web', '--', 'serve', '--fast')).toEqual({ deployment: 'web', command: ['serve', '--fast'] })
    const both = { deployment: 'web', image: 'nginx:2', command: ['serve'] }
    expect(await inputOf('web', 'nginx:2', '--', 'serve')).toEqual(both)
    expect(await inputOf('web', 'nginx:2', 'serve')).toEqual(both)
  })
})

describe('stop with the name of a deployment', () => {
  const nobody = () => {
    throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'web' })
  }

  test('leaves it without replicas, and waits until that is so', async () => {
    const { code, out, asked } = await cli(['stop', 'web'], {
      ...{ 'workload.info': nobody, 'workload.stop': nobody },
      'deploy.scale': () => view({ replicas: 0, healthyReplicas: 1 }),
      'deploy.wait': () => items(view({ replicas: 0, healthyReplicas: 0 })),
    })
    expect([code, out]).toEqual([0, expect.stringContaining('0 of 0 ready') as string])
    expect(asked.find(({ name }) => name === 'deploy.scale')?.input).toEqual({ deployment: 'web', replicas: 0 })
  })

  test('that there is none of either, is told as a workload that there is not', async () => {
    const { code, err } = await cli(['stop', 'web'], {
      ...{ 'workload.info': nobody, 'workload.stop': nobody },
      'deploy.scale': () => {
        throw new ClawError('DEPLOYMENT_NOT_FOUND', { deployment: 'web' })
      },
    })
    expect([code, err]).toEqual([4, expect.stringContaining('WORKLOAD_NOT_FOUND') as string])
  })
})
