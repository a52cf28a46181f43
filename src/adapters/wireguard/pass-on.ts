/** Settings of the kernel for one interface. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Packets for others, such as containers of this host, are passed on; and while keys are rotated one comes back by another interface than
 * it would be answered by. Where the system's settings cannot be written, its owner has set them.
 */
export async function passOn(name: string): Promise<void> {
  const settings = `/proc/sys/net/ipv4/conf/${name}`
  const set = (file: string, value: string): Promise<void> =>
    writeFile(join(settings, file), value).catch((error: NodeJS.ErrnoException) => {
      if (!['EACCES', 'EROFS', 'EPERM', 'ENOENT'].includes(error.code ?? '')) throw error
    })
  await set('forwarding', '1')
  await set('rp_filter', '2')
}
