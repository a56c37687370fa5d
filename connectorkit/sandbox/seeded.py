"""Everything the sandbox draws by lot, from one seed: ids, secrets and the signing key."""

from __future__ import annotations

import random
import string

from cryptography.hazmat.primitives.asymmetric import rsa

_KEY_BITS = 2048
_EXPONENT = 65537
_ROUNDS = 8  # random candidates of this size need far fewer than chosen ones
_SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


class Lot:
    """A stream of ids and secrets that depends on nothing but the seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible by design; the sandbox guards nothing

    def uuid(self) -> str:
        """A version 4 UUID."""
        bits = self._random.getrandbits(128)
        bits = bits & ~(0xC000 << 48) & ~(0xF000 << 64) | 0x8000 << 48 | 0x4000 << 64  # variant and version
        digits = f"{bits:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def secret(self, length: int = 26) -> str:
        """Lower-case letters and digits, as client secrets are."""
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=length))

    def signing_key(self) -> rsa.RSAPrivateKey:
        """An RSA key pair made of primes drawn from the seed. Good for a sandbox and nothing else."""
        while True:
            p, q = self._prime(_KEY_BITS // 2), self._prime(_KEY_BITS // 2)
            if p != q and (p - 1) % _EXPONENT and (q - 1) % _EXPONENT:
                break
        d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
        return rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=d,
            dmp1=rsa.rsa_crt_dmp1(d, p),
            dmq1=rsa.rsa_crt_dmq1(d, q),
            iqmp=rsa.rsa_crt_iqmp(p, q),
            public_numbers=public,
        ).private_key()

    def _prime(self, bits: int) -> int:
        while True:
            # The two highest bits are set, so that the product has exactly twice as many bits.
            number = self._random.getrandbits(bits) | (0b11 << (bits - 2)) | 1
            if all(number % small for small in _SMALL_PRIMES) and self._is_prime(number):
                return number

    def _is_prime(self, number: int) -> bool:
        """Miller-Rabin, wrong with a chance below 4**-8, and far below for random numbers."""
        odd, twos = number - 1, 0
        while odd % 2 == 0:
            odd, twos = odd // 2, twos + 1
        return all(self._witness_finds_nothing(number, odd, twos) for _ in range(_ROUNDS))

    def _witness_finds_nothing(self, number: int, odd: int, twos: int) -> bool:
        x = pow(self._random.randrange(2, number - 1), odd, number)
        if x in (1, number - 1):
            return True
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                return True
        return False
