/** What of a guest's data an owner lets onto the host. */
import type { DataWant } from '../../../model/molt-data.ts'
import type { Lending } from './lending.ts'

type Wanting = { readonly data?: DataWant | undefined }

export const bytesOf = ({ data }: Wanting): number => (data === undefined ? 0 : data.inputs + data.outputs + data.image)

/** Whether so much may be sent and kept. `room`: for so many bytes, or null where nothing can be. */
export function isRoomFor({ data: most }: Pick<Lending, 'data'>, want: Wanting, room: number | null): boolean {
  const { data } = want
  if (data === undefined) return true
  if (room === null || bytesOf(want) > room) return false
  return data.inputs <= most.inputs && data.outputs <= most.outputs && data.image <= most.images
}
