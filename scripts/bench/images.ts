/**
 * One image from one engine to another: through two members, and by `docker save | docker load`, in turn, the same bytes each time.
 * Arguments: rounds (5), MiB of the image (256). Needs CLAW_LAB_DOCKER and CLAW_LAB_DOCKER_CLI (scripts/lab/docker.sh), and starts a second engine.
 */
import { spawnSync } from 'node:child_process'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { makeImage, removeImages } from '../../test/support/docker-images.ts'
import { labDocker } from '../../test/support/lab-docker.ts'
import { Mesh } from '../../test/support/mesh.ts'
import { startSecondEngine } from '../../test/support/second-engine.ts'

const [rounds = 5, mib = 256] = process.argv.slice(2).map(Number)
const prefix = `claw-bench-${process.pid}/`
const first = labDocker
const cli = process.env['CLAW_LAB_DOCKER_CLI']
if (first === null || cli === undefined) throw new Error('this needs the lab: scripts/lab/docker.sh up')

const second = startSecondEngine()
const mesh = new Mesh()
try {
  const on = (engine: string) => ({ gpus: '', extra: ['--executor', 'docker', '--docker-host', engine] })
  await mesh.add('ada', on(first))
  const bob = await mesh.add('bob', on(second.address))
  const image = `${prefix}app:1`
  await makeImage(first, image, mib * 1_048_576)

  const timed = async (work: () => Promise<void>): Promise<number> => {
    await removeImages(second.address, prefix)
    const began = performance.now()
    await work()
    const ms = performance.now() - began
    await connectEngine(second.address).getImage(image).inspect()
    return mib / (ms / 1_000)
  }
  const mine: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    mine.push(await timed(async () => void (await bob.json('image', 'pull', image))))
    theirs.push(
      await timed(() => {
        const pipe = `"${cli}" -H "${first}" save "${image}" | "${cli}" -H "${second.address}" load -q`
        const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', pipe], { encoding: 'utf8' })
        return status === 0 ? Promise.resolve() : Promise.reject(new Error(stderr))
      }),
    )
  }
  const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN
  const [through, piped] = [median(mine), median(theirs)]
  const rounded = (value: number): number => Number(value.toFixed(2))
  console.log(
    JSON.stringify({
      figure: 'images',
      ...{ mib, rounds },
      throughMembersMibPerSecond: rounded(through),
      saveLoadMibPerSecond: rounded(piped),
      ratio: rounded(through / piped),
    }),
  )
} finally {
  await mesh.stop()
  await removeImages(first, prefix)
  second.stop()
}
