import { randomUUID } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { ClawError } from '../../../../model/failure.ts'
import type { Api } from '../../peer/api.ts'
import type { Session } from '../../line/command.ts'
import { command } from '../../line/command.ts'
import { followImages, resultOfImages } from '../../show/image-progress.ts'
import { sizeInWords } from '../../show/image-words.ts'

/** Bytes of one part; a request may have 1 MiB. */
const partBytes = 512 * 1_024

export default command({
  name: 'image push',
  about: 'Copy an image to nodes, without a registry: one that a node has, or a file that `docker save` wrote.',
  details:
    'A file goes to the first of the nodes and from there to the others. Nodes that have got the image give it on, so that many take ' +
    'little longer than one.',
  positionals: { image: { about: 'Reference or id of an image that a node has, or a .tar file' } },
  options: {
    to: { kind: 'list', value: 'NODE', about: 'Node that gets it' },
    all: { kind: 'flag', about: 'Every node that runs containers gets it' },
    from: { kind: 'text', value: 'NODE', about: 'The node that has it; any that has if left out' },
  },
  examples: [
    'image push team/app:1 --all',
    'image push app.tar --to gpu-node-1 --to gpu-node-2',
    'image push team/app:1 --from gpu-node-1 --to gpu-node-2',
  ],

  async run({ image, to, all, from }, session) {
    if (!all && to.length === 0)
      throw new ClawError('INVALID_REQUEST', { problem: 'say where to: --to NODE, or --all' })
    const api = await session.api()
    const wanted = { nodes: [...to], all }
    if (!(await isFile(image))) {
      const items = api.stream('image.push', { image, from, ...wanted }, session.signal)
      return resultOfImages(await followImages(items, session), session)
    }
    const first = to[0] ?? (await nodeFor(api, session))
    let code = 0
    for (const { id, tags } of await upload(api, image, first, session)) {
      session.out.note(`${first}: has ${tags.join(', ') || id}`)
      if (to.length === 1) continue
      const items = api.stream('image.push', { image: tags[0] ?? id, from: first, ...wanted }, session.signal)
      code = Math.max(code, await resultOfImages(await followImages(items, session), session))
    }
    return code
  },
})

/** References may look like paths, so the file has to be there. */
async function isFile(path: string): Promise<boolean> {
  if (!/\.tar$|^\.{0,2}\//.test(path)) return false
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: `${path}: ${(error as Error).message}` }, { cause: error })
  }
}

/** Any node that runs containers. */
async function nodeFor(api: Api, { signal }: Session): Promise<string> {
  const { name } = await api.call('image.home', {}, signal)
  return name
}

type Loaded = readonly { readonly id: string; readonly tags: readonly string[] }[]

async function upload(api: Api, path: string, node: string, session: Session): Promise<Loaded> {
  const { out, signal } = session
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size === 0) throw new ClawError('INVALID_REQUEST', { problem: `${path} is empty` })
    return await send(file, size, { signal, onProgress: teller(node, size, session), api, node })
  } finally {
    await file.close()
    if (session.host.stderr.isTTY === true && !out.isForMachines) session.host.stderr.write('\r\u001b[K')
  }
}

interface Sending {
  readonly api: Api
  readonly node: string
  readonly signal: AbortSignal
  readonly onProgress: (sent: number) => void
}

async function send(file: FileHandle, size: number, { api, node, signal, onProgress }: Sending): Promise<Loaded> {
  const upload = randomUUID()
  const buffer = Buffer.alloc(partBytes)
  for (let offset = 0; offset < size;) {
    const { bytesRead } = await file.read(buffer, 0, partBytes, offset)
    if (bytesRead === 0) throw new ClawError('INVALID_REQUEST', { problem: 'the file got shorter meanwhile' })
    await api.call('image.upload', { node, upload, offset, data: buffer.toString('base64', 0, bytesRead) }, signal)
    offset += bytesRead
    onProgress(offset)
  }
  const loaded: Loaded[number][] = []
  for await (const { images } of api.stream('image.load', { node, upload }, signal)) loaded.push(...images)
  return loaded
}

function teller(node: string, size: number, { out, host }: Session): (sent: number) => void {
  let toldAt = Date.now()
  return (sent) => {
    if (out.isForMachines || Date.now() - toldAt < 500) return
    toldAt = Date.now()
    const text = `${node}: sending the file, ${sizeInWords(sent)} of ${sizeInWords(size)}`
    if (host.stderr.isTTY === true) host.stderr.write(`\r\u001b[K${text}`)
  }
}
