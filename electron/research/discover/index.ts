export { createDiscovery, defaultDiscoveryLimits, type Discovery, type DiscoveryLimits, type DiscoveryOptions } from "./create-discovery.js";
export { defaultDataHomes, type DataHome } from "./hub-cache.js";
