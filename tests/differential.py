#!/usr/bin/python3
"""Our ProtoJSON against Google's: random Sample messages, compared both ways, and through our YAML.

usage: differential.py JSON_FILTER [CASES [SEED]]

JSON_FILTER is the program built from tests/unit/json_filter.c.  Exit status 0: all agree; 1: not;
77: python3-protobuf or protoc is missing (meson's word for "skipped").
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

try:
    from google.protobuf import json_format
except ImportError:
    sys.exit(77)

UNIT = pathlib.Path(__file__).resolve().parent / "unit"
INTEGERS = {  # by the C++ type that protobuf names
    1: (-2**31, 2**31 - 1), 2: (-2**63, 2**63 - 1), 3: (0, 2**32 - 1), 4: (0, 2**64 - 1),
}
LETTERS = "aZ09 _-:#'\"\\/{}[],&*!%?|>~=<\n\té€😀\u2028\u00a0中"


def sample_module():
    """sample.proto as a Python module, made anew."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(["protoc", "-I", UNIT, "--python_out", folder, "sample.proto"], check=True)
        except FileNotFoundError:
            sys.exit(77)
        sys.path.insert(0, folder)
        import sample_pb2
    return sample_pb2


def random_integer(rng, least, most):
    near = [value for value in (0, 1, -1, 127, 128, least, most, 2**53 + 1) if least <= value <= most]
    return rng.choice(near) if rng.random() < 0.5 else rng.randint(least, most)


def random_real(rng, is_float):
    real = rng.choice([0.0, -0.0, 0.1, 1.5, 1e-300, -1e300, 3.4028233e38, float("nan"), float("inf"), float("-inf"),
                       rng.uniform(-1e6, 1e6), rng.random() * 10.0 ** rng.randint(-30, 30)])
    if is_float and abs(real) > 3.4028235e38 and abs(real) != float("inf"):
        real = 1.0
    return struct.unpack("f", struct.pack("f", real))[0] if is_float else real


def random_text(rng):
    return "".join(rng.choice(LETTERS) for _ in range(rng.choice([0, 1, 2, 5, 20, 60])))


def random_value(rng, field):
    if field.cpp_type in INTEGERS:
        return random_integer(rng, *INTEGERS[field.cpp_type])
    if field.cpp_type in (5, 6):
        return random_real(rng, is_float=field.cpp_type == 6)
    if field.cpp_type == 7:
        return rng.random() < 0.5
    if field.cpp_type == 8:
        return rng.choice(field.enum_type.values).number
    if field.type == field.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 2, 3, 40]))
    return promised_text(rng, field.name) or random_text(rng)


def promised_text(rng, name):
    """What check.h wants of fields with such a name."""
    if name.endswith("_at"):
        return f"20{rng.randint(10, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T10:00:0{rng.randint(0, 9)}+01:00"
    if name.endswith("_on"):
        return f"19{rng.randint(10, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"
    if name.endswith("sha256"):
        return rng.randbytes(32).hex()
    if name.endswith("_id"):
        return "0192f3c1-0000-7000-8000-" + rng.randbytes(6).hex()
    return None


def fill(rng, message, depth=0):
    for field in message.DESCRIPTOR.fields:
        is_required = field.label == field.LABEL_REQUIRED
        if not is_required and rng.random() < (0.6 if depth else 0.7):
            continue
        is_repeated = field.label == field.LABEL_REPEATED
        is_message = field.cpp_type == field.CPPTYPE_MESSAGE
        for _ in range(rng.randint(1, 3) if is_repeated else 1):
            if is_message and is_repeated:
                fill(rng, getattr(message, field.name).add(), depth + 1)
            elif is_message:
                below = getattr(message, field.name)
                below.SetInParent()
                fill(rng, below, depth + 1)
            elif is_repeated:
                getattr(message, field.name).append(random_value(rng, field))
            else:
                setattr(message, field.name, random_value(rng, field))


def filtered(program, way, frames):
    packed = b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)
    run = subprocess.run([program, way], input=packed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    sys.stderr.write(run.stderr.decode(errors="replace"))
    out, rest = [], run.stdout
    while rest:
        size, = struct.unpack_from(">I", rest)
        out.append(rest[4:4 + size])
        rest = rest[4 + size:]
    return out


def compare(what, case, ours, theirs):
    if ours == theirs:
        return 0
    print(f"{what}, case {case}:\n  ours   {ours!r}\n  theirs {theirs!r}")
    return 1


def canonical(message):
    return message.SerializeToString(deterministic=True)


def main():
    program = sys.argv[1]
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261123)
    sample = sample_module().Sample
    messages = [sample() for _ in range(cases)]
    for message in messages:
        fill(rng, message)
    packed = [canonical(message) for message in messages]
    wrong = 0

    for case, ours in enumerate(filtered(program, "to-json", packed)):
        theirs = json_format.MessageToDict(messages[case], preserving_proto_field_name=True)
        wrong += compare("our JSON", case, json.loads(ours), theirs)
        wrong += compare("our JSON, read by theirs", case, canonical(json_format.Parse(ours, sample())), packed[case])

    for keeps_names in (True, False):    # snake_case and lowerCamelCase
        texts = [json_format.MessageToJson(message, preserving_proto_field_name=keeps_names).encode() for message in messages]
        for case, ours in enumerate(filtered(program, "from-json", texts)):
            wrong += compare("their JSON, read by us", case, canonical(sample.FromString(ours)), packed[case])

    for case, ours in enumerate(filtered(program, "yaml", packed)):
        wrong += compare("through YAML and back", case, canonical(sample.FromString(ours)), packed[case])

    print(f"{cases} messages, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
