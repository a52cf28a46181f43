import { describe, expect, test } from 'vitest'
import { moltRequestOf } from '../../../../src/doors/cli/work/burst.ts'

type Request = Parameters<typeof moltRequestOf>[0]

const request = (parts: Partial<Request> = {}): Request =>
  ({
    ...{ image: 'x@sha256:0', command: ['python', 'train.py'], env: ['A=1'], volumes: [], gpus: '2', timeout: '2h' },
    ...{ gpuType: 'H100', namespace: 'team-a', priority: 'high', ...parts },
  }) as Request

describe('work of the own mesh, for strangers', () => {
  test('is told as far as it means something to them', () => {
    const wanted = moltRequestOf(request({ entrypoint: 'sh -e', sandbox: 'kata' }), '20')
    expect(JSON.parse(JSON.stringify(wanted))).toEqual({
      ...{ image: 'x@sha256:0', command: ['python', 'train.py'], entrypoint: ['sh', '-e'], env: { A: '1' } },
      ...{ gpus: 2, gpuType: 'H100', duration: '2h', maxPrice: '20', isolation: ['kata'] },
    })
  })

  test('one text is for a shell', () => {
    expect(moltRequestOf(request({ command: 'a | b' }), '20').command).toEqual(['sh', '-c', 'a | b'])
  })

  test.each<[Partial<Request>, string | undefined, string]>([
    [{}, undefined, '--max-price'],
    [{ timeout: undefined }, '20', '--timeout'],
    [{ gpus: undefined, gpuType: undefined }, '20', '--gpus N'],
    [{ gpus: 'device=0' }, '20', '--gpus N'],
    [{ volumes: ['/data:/data'] }, '20', 'strangers cannot be given volumes'],
    [{ node: 'gpu-1' }, '20', 'strangers cannot be given node'],
    [{ replicas: 2 }, '20', 'strangers cannot be given replicas'],
  ])('%o at %s is refused: %s', (parts, maxPrice, problem) => {
    expect(() => moltRequestOf(request(parts), maxPrice)).toThrow(problem)
  })
})
