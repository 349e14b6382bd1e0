"""llama.cpp's own server from the Python package xllamacpp, on a Unix socket: xllamacpp-server.py '<EngineSpec as JSON>'.

Ends when its standard input ends, so that it does not outlive the process that started it.
"""
import json
import os
import sys
import threading

import xllamacpp

spec = json.loads(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path = spec["modelPath"]
params.model_alias = {spec["modelName"]}
params.hostnames = [spec["socketPath"]]
params.n_parallel = spec["sequences"]
params.n_ctx = spec["contextTokens"] * spec["sequences"]
params.n_batch = spec["batchTokens"]
params.cpuparams.n_threads = spec["threads"]
params.cpuparams_batch.n_threads = spec["threads"]
params.kv_unified = False
params.use_jinja = True
params.embedding = spec["task"] == "embedding"

server = xllamacpp.Server(params)
print(json.dumps({"level": "info", "process": "xllamacpp", "msg": "listening", "at": server.listening_address}), flush=True)
sys.stdin.read()
os._exit(0)
