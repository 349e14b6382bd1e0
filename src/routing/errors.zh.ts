/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

export const ROUTING_IN_CHINESE = [
  sentence(e.RouteUnknown, (d) => `没有路由 ${d.route}。`),
  sentence(e.RouteRefused, (d) => `${d.path} 不可用：${d.reason}。`),
  sentence(e.TooManyRoutes, (d) => `已有 ${d.routes} 条路由，达到上限。请删除一些。`),
  sentence(e.ModelNotServed, (d) => `这里没有名为 ${d.model} 的模型在提供服务。`),
]
