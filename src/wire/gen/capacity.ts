// Generated from protocols/capacity.proto by "npm run gen". Do not edit.
/* eslint-disable */
// @ts-nocheck
import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface SignedCapacity {
  report: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

export namespace SignedCapacity {
  let _codec: Codec<SignedCapacity>

  export const codec = (): Codec<SignedCapacity> => {
    if (_codec == null) {
      _codec = message<SignedCapacity>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.report != null && obj.report.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.report)
        }

        if ((obj.signature != null && obj.signature.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.signature)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          report: uint8ArrayAlloc(0),
          signature: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.report = reader.bytes()
              break
            }
            case 2: {
              obj.signature = reader.bytes()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.report`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.signature`,
                value: reader.bytes()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface SignedCapacityReportFieldEvent {
    field: '$.report'
    value: Uint8Array<ArrayBuffer>
  }

  export interface SignedCapacitySignatureFieldEvent {
    field: '$.signature'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<SignedCapacity>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, SignedCapacity.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedCapacity>): SignedCapacity {
    return decodeMessage(buf, SignedCapacity.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedCapacity>): Generator<SignedCapacityReportFieldEvent | SignedCapacitySignatureFieldEvent> {
    return streamMessage(buf, SignedCapacity.codec(), opts)
  }
}

export interface CapacityReport {
  node: string
  incarnation: number
  sequence: number
  atMs: number
  devices: CapacityDevice[]
  busyAndGone: Uint8Array<ArrayBuffer>[]
  host?: CapacityHost
  problems: string[]
  version: string
  isOutdated: boolean
}

export namespace CapacityReport {
  let _codec: Codec<CapacityReport>

  export const codec = (): Codec<CapacityReport> => {
    if (_codec == null) {
      _codec = message<CapacityReport>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.node != null && obj.node !== '')) {
          w.uint32(10)
          w.string(obj.node)
        }

        if ((obj.incarnation != null && obj.incarnation !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.incarnation)
        }

        if ((obj.sequence != null && obj.sequence !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.sequence)
        }

        if ((obj.atMs != null && obj.atMs !== 0)) {
          w.uint32(32)
          w.uint64Number(obj.atMs)
        }

        if (obj.devices != null && obj.devices.length > 0) {
          for (const value of obj.devices) {
            w.uint32(42)
            CapacityDevice.codec().encode(value, w)
          }
        }

        if (obj.busyAndGone != null && obj.busyAndGone.length > 0) {
          for (const value of obj.busyAndGone) {
            w.uint32(50)
            w.bytes(value)
          }
        }

        if (obj.host != null) {
          w.uint32(58)
          CapacityHost.codec().encode(obj.host, w)
        }

        if (obj.problems != null && obj.problems.length > 0) {
          for (const value of obj.problems) {
            w.uint32(66)
            w.string(value)
          }
        }

        if ((obj.version != null && obj.version !== '')) {
          w.uint32(74)
          w.string(obj.version)
        }

        if ((obj.isOutdated != null && obj.isOutdated !== false)) {
          w.uint32(80)
          w.bool(obj.isOutdated)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          node: '',
          incarnation: 0,
          sequence: 0,
          atMs: 0,
          devices: [],
          busyAndGone: [],
          problems: [],
          version: '',
          isOutdated: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.node = reader.string()
              break
            }
            case 2: {
              obj.incarnation = reader.uint64Number()
              break
            }
            case 3: {
              obj.sequence = reader.uint64Number()
              break
            }
            case 4: {
              obj.atMs = reader.uint64Number()
              break
            }
            case 5: {
              if (opts.limits?.devices != null && obj.devices.length === opts.limits.devices) {
                throw new MaxLengthError('Decode error - repeated field "devices" had too many elements')
              }

              obj.devices.push(CapacityDevice.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.devices$
              }))
              break
            }
            case 6: {
              if (opts.limits?.busyAndGone != null && obj.busyAndGone.length === opts.limits.busyAndGone) {
                throw new MaxLengthError('Decode error - repeated field "busyAndGone" had too many elements')
              }

              obj.busyAndGone.push(reader.bytes())
              break
            }
            case 7: {
              obj.host = CapacityHost.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.host
              })
              break
            }
            case 8: {
              if (opts.limits?.problems != null && obj.problems.length === opts.limits.problems) {
                throw new MaxLengthError('Decode error - repeated field "problems" had too many elements')
              }

              obj.problems.push(reader.string())
              break
            }
            case 9: {
              obj.version = reader.string()
              break
            }
            case 10: {
              obj.isOutdated = reader.bool()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          devices: 0,
          busyAndGone: 0,
          problems: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.node`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.incarnation`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint64Number()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.atMs`,
                value: reader.uint64Number()
              }
              break
            }
            case 5: {
              if (opts.limits?.devices != null && obj.devices === opts.limits.devices) {
                throw new MaxLengthError('Streaming decode error - repeated field "devices" had too many elements')
              }

              for (const evt of CapacityDevice.codec().stream(reader, reader.uint32(), `${prefix}.devices[]`, {
                limits: opts.limits?.devices$
              })) {
                yield {
                  ...evt,
                  index: obj.devices
                }
              }

              obj.devices++

              break
            }
            case 6: {
              if (opts.limits?.busyAndGone != null && obj.busyAndGone === opts.limits.busyAndGone) {
                throw new MaxLengthError('Streaming decode error - repeated field "busyAndGone" had too many elements')
              }

              yield {
                field: `${prefix}.busyAndGone[]`,
                index: obj.busyAndGone,
                value: reader.bytes()
              }

              obj.busyAndGone++

              break
            }
            case 7: {
              yield * CapacityHost.codec().stream(reader, reader.uint32(), `${prefix}.host`, {
                limits: opts.limits?.host
              })

              break
            }
            case 8: {
              if (opts.limits?.problems != null && obj.problems === opts.limits.problems) {
                throw new MaxLengthError('Streaming decode error - repeated field "problems" had too many elements')
              }

              yield {
                field: `${prefix}.problems[]`,
                index: obj.problems,
                value: reader.string()
              }

              obj.problems++

              break
            }
            case 9: {
              yield {
                field: `${prefix}.version`,
                value: reader.string()
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.isOutdated`,
                value: reader.bool()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacityReportNodeFieldEvent {
    field: '$.node'
    value: string
  }

  export interface CapacityReportIncarnationFieldEvent {
    field: '$.incarnation'
    value: number
  }

  export interface CapacityReportSequenceFieldEvent {
    field: '$.sequence'
    value: number
  }

  export interface CapacityReportAtMsFieldEvent {
    field: '$.atMs'
    value: number
  }

  export interface CapacityReportDevicesUuidFieldEvent {
    field: '$.devices[].uuid'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapacityReportDevicesBusyFieldEvent {
    field: '$.devices[].busy'
    value: boolean
    index: number
  }

  export interface CapacityReportDevicesHealthFieldEvent {
    field: '$.devices[].health'
    value: number
    index: number
  }

  export interface CapacityReportDevicesUtilizationFieldEvent {
    field: '$.devices[].utilization'
    value: number
    index: number
  }

  export interface CapacityReportDevicesMemoryUsedMibFieldEvent {
    field: '$.devices[].memoryUsedMib'
    value: number
    index: number
  }

  export interface CapacityReportDevicesTemperatureCFieldEvent {
    field: '$.devices[].temperatureC'
    value: number
    index: number
  }

  export interface CapacityReportDevicesPowerWFieldEvent {
    field: '$.devices[].powerW'
    value: number
    index: number
  }

  export interface CapacityReportDevicesPowerLimitWFieldEvent {
    field: '$.devices[].powerLimitW'
    value: number
    index: number
  }

  export interface CapacityReportDevicesSmClockMhzFieldEvent {
    field: '$.devices[].smClockMhz'
    value: number
    index: number
  }

  export interface CapacityReportDevicesEccUncorrectedFieldEvent {
    field: '$.devices[].eccUncorrected'
    value: number
    index: number
  }

  export interface CapacityReportDevicesThrottleFieldEvent {
    field: '$.devices[].throttle[]'
    index: number
    value: string
  }

  export interface CapacityReportDevicesProcessesPidFieldEvent {
    field: '$.devices[].processes[].pid'
    value: number
    index: number
  }

  export interface CapacityReportDevicesProcessesMemoryMibFieldEvent {
    field: '$.devices[].processes[].memoryMib'
    value: number
    index: number
  }

  export interface CapacityReportBusyAndGoneFieldEvent {
    field: '$.busyAndGone[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface CapacityReportHostCpuUtilizationFieldEvent {
    field: '$.host.cpuUtilization'
    value: number
  }

  export interface CapacityReportHostMemoryUsedMibFieldEvent {
    field: '$.host.memoryUsedMib'
    value: number
  }

  export interface CapacityReportHostMemoryTotalMibFieldEvent {
    field: '$.host.memoryTotalMib'
    value: number
  }

  export interface CapacityReportHostDiskFreeMibFieldEvent {
    field: '$.host.diskFreeMib'
    value: number
  }

  export interface CapacityReportProblemsFieldEvent {
    field: '$.problems[]'
    index: number
    value: string
  }

  export interface CapacityReportVersionFieldEvent {
    field: '$.version'
    value: string
  }

  export interface CapacityReportIsOutdatedFieldEvent {
    field: '$.isOutdated'
    value: boolean
  }

  export function encode (obj: Partial<CapacityReport>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacityReport.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityReport>): CapacityReport {
    return decodeMessage(buf, CapacityReport.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityReport>): Generator<CapacityReportNodeFieldEvent | CapacityReportIncarnationFieldEvent | CapacityReportSequenceFieldEvent | CapacityReportAtMsFieldEvent | CapacityReportDevicesUuidFieldEvent | CapacityReportDevicesBusyFieldEvent | CapacityReportDevicesHealthFieldEvent | CapacityReportDevicesUtilizationFieldEvent | CapacityReportDevicesMemoryUsedMibFieldEvent | CapacityReportDevicesTemperatureCFieldEvent | CapacityReportDevicesPowerWFieldEvent | CapacityReportDevicesPowerLimitWFieldEvent | CapacityReportDevicesSmClockMhzFieldEvent | CapacityReportDevicesEccUncorrectedFieldEvent | CapacityReportDevicesThrottleFieldEvent | CapacityReportDevicesProcessesPidFieldEvent | CapacityReportDevicesProcessesMemoryMibFieldEvent | CapacityReportBusyAndGoneFieldEvent | CapacityReportHostCpuUtilizationFieldEvent | CapacityReportHostMemoryUsedMibFieldEvent | CapacityReportHostMemoryTotalMibFieldEvent | CapacityReportHostDiskFreeMibFieldEvent | CapacityReportProblemsFieldEvent | CapacityReportVersionFieldEvent | CapacityReportIsOutdatedFieldEvent> {
    return streamMessage(buf, CapacityReport.codec(), opts)
  }
}

export interface CapacityDevice {
  uuid: Uint8Array<ArrayBuffer>
  busy: boolean
  health: number
  utilization?: number
  memoryUsedMib?: number
  temperatureC?: number
  powerW?: number
  powerLimitW?: number
  smClockMhz?: number
  eccUncorrected?: number
  throttle: string[]
  processes: CapacityProcess[]
}

export namespace CapacityDevice {
  let _codec: Codec<CapacityDevice>

  export const codec = (): Codec<CapacityDevice> => {
    if (_codec == null) {
      _codec = message<CapacityDevice>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.uuid != null && obj.uuid.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.uuid)
        }

        if ((obj.busy != null && obj.busy !== false)) {
          w.uint32(16)
          w.bool(obj.busy)
        }

        if ((obj.health != null && obj.health !== 0)) {
          w.uint32(24)
          w.uint32(obj.health)
        }

        if (obj.utilization != null) {
          w.uint32(32)
          w.uint32(obj.utilization)
        }

        if (obj.memoryUsedMib != null) {
          w.uint32(40)
          w.uint32(obj.memoryUsedMib)
        }

        if (obj.temperatureC != null) {
          w.uint32(48)
          w.sint32(obj.temperatureC)
        }

        if (obj.powerW != null) {
          w.uint32(56)
          w.uint32(obj.powerW)
        }

        if (obj.powerLimitW != null) {
          w.uint32(64)
          w.uint32(obj.powerLimitW)
        }

        if (obj.smClockMhz != null) {
          w.uint32(72)
          w.uint32(obj.smClockMhz)
        }

        if (obj.eccUncorrected != null) {
          w.uint32(80)
          w.uint32(obj.eccUncorrected)
        }

        if (obj.throttle != null && obj.throttle.length > 0) {
          for (const value of obj.throttle) {
            w.uint32(90)
            w.string(value)
          }
        }

        if (obj.processes != null && obj.processes.length > 0) {
          for (const value of obj.processes) {
            w.uint32(98)
            CapacityProcess.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          uuid: uint8ArrayAlloc(0),
          busy: false,
          health: 0,
          throttle: [],
          processes: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.uuid = reader.bytes()
              break
            }
            case 2: {
              obj.busy = reader.bool()
              break
            }
            case 3: {
              obj.health = reader.uint32()
              break
            }
            case 4: {
              obj.utilization = reader.uint32()
              break
            }
            case 5: {
              obj.memoryUsedMib = reader.uint32()
              break
            }
            case 6: {
              obj.temperatureC = reader.sint32()
              break
            }
            case 7: {
              obj.powerW = reader.uint32()
              break
            }
            case 8: {
              obj.powerLimitW = reader.uint32()
              break
            }
            case 9: {
              obj.smClockMhz = reader.uint32()
              break
            }
            case 10: {
              obj.eccUncorrected = reader.uint32()
              break
            }
            case 11: {
              if (opts.limits?.throttle != null && obj.throttle.length === opts.limits.throttle) {
                throw new MaxLengthError('Decode error - repeated field "throttle" had too many elements')
              }

              obj.throttle.push(reader.string())
              break
            }
            case 12: {
              if (opts.limits?.processes != null && obj.processes.length === opts.limits.processes) {
                throw new MaxLengthError('Decode error - repeated field "processes" had too many elements')
              }

              obj.processes.push(CapacityProcess.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.processes$
              }))
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          throttle: 0,
          processes: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.uuid`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.busy`,
                value: reader.bool()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.health`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.utilization`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.memoryUsedMib`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.temperatureC`,
                value: reader.sint32()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.powerW`,
                value: reader.uint32()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.powerLimitW`,
                value: reader.uint32()
              }
              break
            }
            case 9: {
              yield {
                field: `${prefix}.smClockMhz`,
                value: reader.uint32()
              }
              break
            }
            case 10: {
              yield {
                field: `${prefix}.eccUncorrected`,
                value: reader.uint32()
              }
              break
            }
            case 11: {
              if (opts.limits?.throttle != null && obj.throttle === opts.limits.throttle) {
                throw new MaxLengthError('Streaming decode error - repeated field "throttle" had too many elements')
              }

              yield {
                field: `${prefix}.throttle[]`,
                index: obj.throttle,
                value: reader.string()
              }

              obj.throttle++

              break
            }
            case 12: {
              if (opts.limits?.processes != null && obj.processes === opts.limits.processes) {
                throw new MaxLengthError('Streaming decode error - repeated field "processes" had too many elements')
              }

              for (const evt of CapacityProcess.codec().stream(reader, reader.uint32(), `${prefix}.processes[]`, {
                limits: opts.limits?.processes$
              })) {
                yield {
                  ...evt,
                  index: obj.processes
                }
              }

              obj.processes++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacityDeviceUuidFieldEvent {
    field: '$.uuid'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CapacityDeviceBusyFieldEvent {
    field: '$.busy'
    value: boolean
  }

  export interface CapacityDeviceHealthFieldEvent {
    field: '$.health'
    value: number
  }

  export interface CapacityDeviceUtilizationFieldEvent {
    field: '$.utilization'
    value: number
  }

  export interface CapacityDeviceMemoryUsedMibFieldEvent {
    field: '$.memoryUsedMib'
    value: number
  }

  export interface CapacityDeviceTemperatureCFieldEvent {
    field: '$.temperatureC'
    value: number
  }

  export interface CapacityDevicePowerWFieldEvent {
    field: '$.powerW'
    value: number
  }

  export interface CapacityDevicePowerLimitWFieldEvent {
    field: '$.powerLimitW'
    value: number
  }

  export interface CapacityDeviceSmClockMhzFieldEvent {
    field: '$.smClockMhz'
    value: number
  }

  export interface CapacityDeviceEccUncorrectedFieldEvent {
    field: '$.eccUncorrected'
    value: number
  }

  export interface CapacityDeviceThrottleFieldEvent {
    field: '$.throttle[]'
    index: number
    value: string
  }

  export interface CapacityDeviceProcessesPidFieldEvent {
    field: '$.processes[].pid'
    value: number
    index: number
  }

  export interface CapacityDeviceProcessesMemoryMibFieldEvent {
    field: '$.processes[].memoryMib'
    value: number
    index: number
  }

  export function encode (obj: Partial<CapacityDevice>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacityDevice.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityDevice>): CapacityDevice {
    return decodeMessage(buf, CapacityDevice.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityDevice>): Generator<CapacityDeviceUuidFieldEvent | CapacityDeviceBusyFieldEvent | CapacityDeviceHealthFieldEvent | CapacityDeviceUtilizationFieldEvent | CapacityDeviceMemoryUsedMibFieldEvent | CapacityDeviceTemperatureCFieldEvent | CapacityDevicePowerWFieldEvent | CapacityDevicePowerLimitWFieldEvent | CapacityDeviceSmClockMhzFieldEvent | CapacityDeviceEccUncorrectedFieldEvent | CapacityDeviceThrottleFieldEvent | CapacityDeviceProcessesPidFieldEvent | CapacityDeviceProcessesMemoryMibFieldEvent> {
    return streamMessage(buf, CapacityDevice.codec(), opts)
  }
}

export interface CapacityProcess {
  pid: number
  memoryMib?: number
}

export namespace CapacityProcess {
  let _codec: Codec<CapacityProcess>

  export const codec = (): Codec<CapacityProcess> => {
    if (_codec == null) {
      _codec = message<CapacityProcess>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.pid != null && obj.pid !== 0)) {
          w.uint32(8)
          w.uint32(obj.pid)
        }

        if (obj.memoryMib != null) {
          w.uint32(16)
          w.uint32(obj.memoryMib)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          pid: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.pid = reader.uint32()
              break
            }
            case 2: {
              obj.memoryMib = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.pid`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.memoryMib`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacityProcessPidFieldEvent {
    field: '$.pid'
    value: number
  }

  export interface CapacityProcessMemoryMibFieldEvent {
    field: '$.memoryMib'
    value: number
  }

  export function encode (obj: Partial<CapacityProcess>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacityProcess.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityProcess>): CapacityProcess {
    return decodeMessage(buf, CapacityProcess.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityProcess>): Generator<CapacityProcessPidFieldEvent | CapacityProcessMemoryMibFieldEvent> {
    return streamMessage(buf, CapacityProcess.codec(), opts)
  }
}

export interface CapacityHost {
  cpuUtilization: number
  memoryUsedMib: number
  memoryTotalMib: number
  diskFreeMib: number
}

export namespace CapacityHost {
  let _codec: Codec<CapacityHost>

  export const codec = (): Codec<CapacityHost> => {
    if (_codec == null) {
      _codec = message<CapacityHost>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.cpuUtilization != null && obj.cpuUtilization !== 0)) {
          w.uint32(8)
          w.uint32(obj.cpuUtilization)
        }

        if ((obj.memoryUsedMib != null && obj.memoryUsedMib !== 0)) {
          w.uint32(16)
          w.uint32(obj.memoryUsedMib)
        }

        if ((obj.memoryTotalMib != null && obj.memoryTotalMib !== 0)) {
          w.uint32(24)
          w.uint32(obj.memoryTotalMib)
        }

        if ((obj.diskFreeMib != null && obj.diskFreeMib !== 0)) {
          w.uint32(32)
          w.uint32(obj.diskFreeMib)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          cpuUtilization: 0,
          memoryUsedMib: 0,
          memoryTotalMib: 0,
          diskFreeMib: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.cpuUtilization = reader.uint32()
              break
            }
            case 2: {
              obj.memoryUsedMib = reader.uint32()
              break
            }
            case 3: {
              obj.memoryTotalMib = reader.uint32()
              break
            }
            case 4: {
              obj.diskFreeMib = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.cpuUtilization`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.memoryUsedMib`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.memoryTotalMib`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.diskFreeMib`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacityHostCpuUtilizationFieldEvent {
    field: '$.cpuUtilization'
    value: number
  }

  export interface CapacityHostMemoryUsedMibFieldEvent {
    field: '$.memoryUsedMib'
    value: number
  }

  export interface CapacityHostMemoryTotalMibFieldEvent {
    field: '$.memoryTotalMib'
    value: number
  }

  export interface CapacityHostDiskFreeMibFieldEvent {
    field: '$.diskFreeMib'
    value: number
  }

  export function encode (obj: Partial<CapacityHost>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacityHost.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityHost>): CapacityHost {
    return decodeMessage(buf, CapacityHost.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityHost>): Generator<CapacityHostCpuUtilizationFieldEvent | CapacityHostMemoryUsedMibFieldEvent | CapacityHostMemoryTotalMibFieldEvent | CapacityHostDiskFreeMibFieldEvent> {
    return streamMessage(buf, CapacityHost.codec(), opts)
  }
}

export interface CapacitySyncRequest {
  have: CapacityVersion[]
  reports: SignedCapacity[]
  onlyGives: boolean
}

export namespace CapacitySyncRequest {
  let _codec: Codec<CapacitySyncRequest>

  export const codec = (): Codec<CapacitySyncRequest> => {
    if (_codec == null) {
      _codec = message<CapacitySyncRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.have != null && obj.have.length > 0) {
          for (const value of obj.have) {
            w.uint32(10)
            CapacityVersion.codec().encode(value, w)
          }
        }

        if (obj.reports != null && obj.reports.length > 0) {
          for (const value of obj.reports) {
            w.uint32(18)
            SignedCapacity.codec().encode(value, w)
          }
        }

        if ((obj.onlyGives != null && obj.onlyGives !== false)) {
          w.uint32(24)
          w.bool(obj.onlyGives)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          have: [],
          reports: [],
          onlyGives: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.have != null && obj.have.length === opts.limits.have) {
                throw new MaxLengthError('Decode error - repeated field "have" had too many elements')
              }

              obj.have.push(CapacityVersion.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.have$
              }))
              break
            }
            case 2: {
              if (opts.limits?.reports != null && obj.reports.length === opts.limits.reports) {
                throw new MaxLengthError('Decode error - repeated field "reports" had too many elements')
              }

              obj.reports.push(SignedCapacity.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.reports$
              }))
              break
            }
            case 3: {
              obj.onlyGives = reader.bool()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          have: 0,
          reports: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.have != null && obj.have === opts.limits.have) {
                throw new MaxLengthError('Streaming decode error - repeated field "have" had too many elements')
              }

              for (const evt of CapacityVersion.codec().stream(reader, reader.uint32(), `${prefix}.have[]`, {
                limits: opts.limits?.have$
              })) {
                yield {
                  ...evt,
                  index: obj.have
                }
              }

              obj.have++

              break
            }
            case 2: {
              if (opts.limits?.reports != null && obj.reports === opts.limits.reports) {
                throw new MaxLengthError('Streaming decode error - repeated field "reports" had too many elements')
              }

              for (const evt of SignedCapacity.codec().stream(reader, reader.uint32(), `${prefix}.reports[]`, {
                limits: opts.limits?.reports$
              })) {
                yield {
                  ...evt,
                  index: obj.reports
                }
              }

              obj.reports++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.onlyGives`,
                value: reader.bool()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacitySyncRequestHaveTailFieldEvent {
    field: '$.have[].tail'
    value: string
    index: number
  }

  export interface CapacitySyncRequestHaveIncarnationFieldEvent {
    field: '$.have[].incarnation'
    value: number
    index: number
  }

  export interface CapacitySyncRequestHaveSequenceFieldEvent {
    field: '$.have[].sequence'
    value: number
    index: number
  }

  export interface CapacitySyncRequestReportsReportFieldEvent {
    field: '$.reports[].report'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapacitySyncRequestReportsSignatureFieldEvent {
    field: '$.reports[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapacitySyncRequestOnlyGivesFieldEvent {
    field: '$.onlyGives'
    value: boolean
  }

  export function encode (obj: Partial<CapacitySyncRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacitySyncRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacitySyncRequest>): CapacitySyncRequest {
    return decodeMessage(buf, CapacitySyncRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacitySyncRequest>): Generator<CapacitySyncRequestHaveTailFieldEvent | CapacitySyncRequestHaveIncarnationFieldEvent | CapacitySyncRequestHaveSequenceFieldEvent | CapacitySyncRequestReportsReportFieldEvent | CapacitySyncRequestReportsSignatureFieldEvent | CapacitySyncRequestOnlyGivesFieldEvent> {
    return streamMessage(buf, CapacitySyncRequest.codec(), opts)
  }
}

export interface CapacityVersion {
  tail: string
  incarnation: number
  sequence: number
}

export namespace CapacityVersion {
  let _codec: Codec<CapacityVersion>

  export const codec = (): Codec<CapacityVersion> => {
    if (_codec == null) {
      _codec = message<CapacityVersion>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.tail != null && obj.tail !== '')) {
          w.uint32(10)
          w.string(obj.tail)
        }

        if ((obj.incarnation != null && obj.incarnation !== 0)) {
          w.uint32(16)
          w.uint64Number(obj.incarnation)
        }

        if ((obj.sequence != null && obj.sequence !== 0)) {
          w.uint32(24)
          w.uint64Number(obj.sequence)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          tail: '',
          incarnation: 0,
          sequence: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.tail = reader.string()
              break
            }
            case 2: {
              obj.incarnation = reader.uint64Number()
              break
            }
            case 3: {
              obj.sequence = reader.uint64Number()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.tail`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.incarnation`,
                value: reader.uint64Number()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint64Number()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacityVersionTailFieldEvent {
    field: '$.tail'
    value: string
  }

  export interface CapacityVersionIncarnationFieldEvent {
    field: '$.incarnation'
    value: number
  }

  export interface CapacityVersionSequenceFieldEvent {
    field: '$.sequence'
    value: number
  }

  export function encode (obj: Partial<CapacityVersion>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacityVersion.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityVersion>): CapacityVersion {
    return decodeMessage(buf, CapacityVersion.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacityVersion>): Generator<CapacityVersionTailFieldEvent | CapacityVersionIncarnationFieldEvent | CapacityVersionSequenceFieldEvent> {
    return streamMessage(buf, CapacityVersion.codec(), opts)
  }
}

export interface CapacitySyncReply {
  reports: SignedCapacity[]
  wanted: string[]
  more: boolean
}

export namespace CapacitySyncReply {
  let _codec: Codec<CapacitySyncReply>

  export const codec = (): Codec<CapacitySyncReply> => {
    if (_codec == null) {
      _codec = message<CapacitySyncReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.reports != null && obj.reports.length > 0) {
          for (const value of obj.reports) {
            w.uint32(10)
            SignedCapacity.codec().encode(value, w)
          }
        }

        if (obj.wanted != null && obj.wanted.length > 0) {
          for (const value of obj.wanted) {
            w.uint32(18)
            w.string(value)
          }
        }

        if ((obj.more != null && obj.more !== false)) {
          w.uint32(24)
          w.bool(obj.more)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          reports: [],
          wanted: [],
          more: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.reports != null && obj.reports.length === opts.limits.reports) {
                throw new MaxLengthError('Decode error - repeated field "reports" had too many elements')
              }

              obj.reports.push(SignedCapacity.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.reports$
              }))
              break
            }
            case 2: {
              if (opts.limits?.wanted != null && obj.wanted.length === opts.limits.wanted) {
                throw new MaxLengthError('Decode error - repeated field "wanted" had too many elements')
              }

              obj.wanted.push(reader.string())
              break
            }
            case 3: {
              obj.more = reader.bool()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          reports: 0,
          wanted: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              if (opts.limits?.reports != null && obj.reports === opts.limits.reports) {
                throw new MaxLengthError('Streaming decode error - repeated field "reports" had too many elements')
              }

              for (const evt of SignedCapacity.codec().stream(reader, reader.uint32(), `${prefix}.reports[]`, {
                limits: opts.limits?.reports$
              })) {
                yield {
                  ...evt,
                  index: obj.reports
                }
              }

              obj.reports++

              break
            }
            case 2: {
              if (opts.limits?.wanted != null && obj.wanted === opts.limits.wanted) {
                throw new MaxLengthError('Streaming decode error - repeated field "wanted" had too many elements')
              }

              yield {
                field: `${prefix}.wanted[]`,
                index: obj.wanted,
                value: reader.string()
              }

              obj.wanted++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.more`,
                value: reader.bool()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CapacitySyncReplyReportsReportFieldEvent {
    field: '$.reports[].report'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapacitySyncReplyReportsSignatureFieldEvent {
    field: '$.reports[].signature'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface CapacitySyncReplyWantedFieldEvent {
    field: '$.wanted[]'
    index: number
    value: string
  }

  export interface CapacitySyncReplyMoreFieldEvent {
    field: '$.more'
    value: boolean
  }

  export function encode (obj: Partial<CapacitySyncReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CapacitySyncReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacitySyncReply>): CapacitySyncReply {
    return decodeMessage(buf, CapacitySyncReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CapacitySyncReply>): Generator<CapacitySyncReplyReportsReportFieldEvent | CapacitySyncReplyReportsSignatureFieldEvent | CapacitySyncReplyWantedFieldEvent | CapacitySyncReplyMoreFieldEvent> {
    return streamMessage(buf, CapacitySyncReply.codec(), opts)
  }
}
