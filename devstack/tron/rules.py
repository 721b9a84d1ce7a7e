"""The numbers Tron's committee sets, with the values of its main network in 2025, and the fixed ones."""

from dataclasses import dataclass

SUN = 1_000_000  # of one TRX
DAY_MS = 86_400_000
TAPOS_BLOCKS = 65_536
PRODUCERS = 27
SOLID_PRODUCERS = 19
MAINTENANCE_SKIP_SLOTS = 2
EXPIRATION_MS_MAX = DAY_MS
TRANSACTION_BYTES_MAX = 500 * 1024
BLOCK_BYTES_MAX = 2_000_000
RESULT_BYTES = 64  # bandwidth also pays for what the producer writes beside a transaction
SIGNATURES_MAX = 5
ACTIVE_PERMISSIONS_MAX = 8
PENDING_MAX = 2_000
PENDING_MS = 60_000
UNFREEZINGS_MAX = 32
FACTOR_ONE = 10_000  # an energy factor of this adds as much again
ENERGY_LIMIT_CONSTANT = 100_000_000


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """Prices in sun, periods in milliseconds, weights of the rest of the network in TRX.

    `staked_elsewhere` stands for everybody who is not on this chain: with it a stake gives about as much
    bandwidth and energy as on the main network.
    """

    transaction_fee: int = 1_000
    energy_fee: int = 100
    create_account_fee: int = 100_000
    create_new_account_fee_in_system_contract: int = 1_000_000
    create_new_account_bandwidth_rate: int = 1
    memo_fee: int = 1_000_000
    multi_sign_fee: int = 1_000_000
    update_account_permission_fee: int = 100_000_000
    max_fee_limit: int = 15_000_000_000
    free_net_limit: int = 600
    total_net_limit: int = 43_200_000_000
    total_energy_limit: int = 180_000_000_000
    net_staked_elsewhere: int = 26_000_000_000
    energy_staked_elsewhere: int = 19_000_000_000
    maintenance_interval_ms: int = 21_600_000
    unfreeze_delay_days: int = 14
    max_delegate_lock_period: int = 864_000
    default_delegate_lock_period: int = 86_400
    dynamic_energy_threshold: int = 5_000_000_000
    dynamic_energy_increase_factor: int = 2_000
    dynamic_energy_max_factor: int = 34_000
    transaction_fee_pool: bool = False

    def pairs(self) -> list[tuple[str, int]]:
        """Return the parameters under the keys a node shows them by."""
        return [
            ("getMaintenanceTimeInterval", self.maintenance_interval_ms),
            ("getCreateAccountFee", self.create_account_fee),
            ("getTransactionFee", self.transaction_fee),
            ("getCreateNewAccountFeeInSystemContract", self.create_new_account_fee_in_system_contract),
            ("getCreateNewAccountBandwidthRate", self.create_new_account_bandwidth_rate),
            ("getEnergyFee", self.energy_fee),
            ("getTotalEnergyLimit", self.total_energy_limit),
            ("getTotalEnergyCurrentLimit", self.total_energy_limit),
            ("getTotalNetLimit", self.total_net_limit),
            ("getFreeNetLimit", self.free_net_limit),
            ("getMemoFee", self.memo_fee),
            ("getMultiSignFee", self.multi_sign_fee),
            ("getUpdateAccountPermissionFee", self.update_account_permission_fee),
            ("getMaxFeeLimit", self.max_fee_limit),
            ("getUnfreezeDelayDays", self.unfreeze_delay_days),
            ("getMaxDelegateLockPeriod", self.max_delegate_lock_period),
            ("getAllowDynamicEnergy", 1),
            ("getDynamicEnergyThreshold", self.dynamic_energy_threshold),
            ("getDynamicEnergyIncreaseFactor", self.dynamic_energy_increase_factor),
            ("getDynamicEnergyMaxFactor", self.dynamic_energy_max_factor),
            ("getAllowMultiSign", 1),
            ("getForbidTransferToContract", 1),
            ("getAllowTransactionFeePool", int(self.transaction_fee_pool)),
        ]
