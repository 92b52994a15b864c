"""usage: provider.py SCHEMA.json — stands in for the AWS provider where Terraform validates and plans.

It speaks Terraform's plugin protocol and has the real provider's schema (scripts/aws-schema.py): Terraform itself then
judges every argument, block and reference. It knows no value that AWS would say, so each is unknown until applied, and
nothing can be applied.
"""
import json
import sys

import msgpack
from tf import provider, runner
from tf.gen import tfplugin_pb2 as pb

with open(sys.argv[1], encoding="utf-8") as file:
    SCHEMA = json.load(file)
LIST = pb.Schema.NestedBlock.NestingMode.LIST
# Of which type an argument is, is left to the value that it gets.
ANY = b'"dynamic"'
# "Known after apply", as go-cty writes it.
UNKNOWN = msgpack.ExtType(0, b"\0")
SETTINGS = {"arguments": {"region": {"required": False}, "allowed_account_ids": {"required": False}},
            "blocks": {"default_tags": {"required": False, "arguments": {"tags": {"required": False}}, "blocks": {}}}}


def block(it):
    arguments, blocks = it["arguments"], it["blocks"]
    attributes = [pb.Schema.Attribute(name=name, type=ANY, required=one["required"], optional=not one["required"],
                                      computed="attributes" in it and not one["required"])
                  for name, one in arguments.items()]
    attributes += [pb.Schema.Attribute(name=name, type=ANY, computed=True)
                   for name in it.get("attributes", []) if name not in arguments and name not in blocks]
    nested = [pb.Schema.NestedBlock(type_name=name, nesting=LIST, block=block(one), min_items=int(one["required"]))
              for name, one in blocks.items()]
    return pb.Schema.Block(attributes=attributes, block_types=nested)


def schemas(kind):
    return {name: pb.Schema(block=block(it)) for name, it in SCHEMA[kind].items()}


class StandIn(provider.ProviderServicer):
    def __init__(self, _app):
        pass

    def GetProviderSchema(self, request, context):
        return pb.GetProviderSchema.Response(provider=pb.Schema(block=block(SETTINGS)),
                                             resource_schemas=schemas("resource"), data_source_schemas=schemas("data"))

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def PlanResourceChange(self, request, context):
        state = msgpack.unpackb(request.proposed_new_state.msgpack)
        known = SCHEMA["resource"][request.type_name]
        for name, value in state.items():
            required = known["arguments"].get(name, {}).get("required", False)
            if value is None and not required and name not in known["blocks"]:
                state[name] = UNKNOWN
        return pb.PlanResourceChange.Response(planned_state=pb.DynamicValue(msgpack=msgpack.packb(state)))


provider.ProviderServicer = StandIn
runner.run_provider(None, [sys.argv[0]])
